"""The dashboards as Grafana reads them: the same JSON whenever nothing changed."""

import json

from grafana_foundation_sdk.builders.dashboard import Dashboard as Board
from grafana_foundation_sdk.cog.encoder import JSONEncoder

from components.monitoring.dashboards.data import data
from components.monitoring.dashboards.flags import flags
from components.monitoring.dashboards.model import Dashboard, Facts
from components.monitoring.dashboards.service import service

_BUILDERS = {Dashboard.SERVICE: service, Dashboard.DATA: data, Dashboard.FLAGS: flags}


def documents(facts: Facts) -> dict[Dashboard, str]:
    """The JSON of each wanted dashboard."""
    return {which: _document(_BUILDERS[which](facts)) for which in facts.wanted()}


def _document(builder: Board) -> str:
    board = builder.build()
    # The library leaves most of them out, and Grafana would number the panels anew at each start.
    for number, panel in enumerate(board.panels or (), start=1):
        panel.id_val = number
    # What only a variable of type `interval` has, and the library gives to all.
    for variable in board.templating.list_val or () if board.templating is not None else ():
        variable.auto = variable.auto_min = variable.auto_count = None
    return json.dumps(board, cls=JSONEncoder, sort_keys=True, indent=1)
