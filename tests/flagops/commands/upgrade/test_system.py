"""`ff db upgrade` of a Cluster whose database sorts text by the system: the tags have to say which one they are."""

import pytest

from flagops.commands.db.upgrade import check
from flagops.errors import RefusedError
from tests.flagops.commands.upgrade.test_cluster import CLUSTER, NEW, OLD, Steps, operated, stated, steps, well

__all__ = ["steps"]


@pytest.mark.parametrize(("old", "new"), [("17.10", NEW), (OLD, "18.4")])
def test_where_the_system_sorts_a_tag_has_to_say_which_it_is(old: str, new: str, steps: Steps) -> None:
    wanted = stated({**CLUSTER, "version": old})
    sorted_by_system = well(bootstrap={"initdb": {"localeCollate": "he_IL.UTF-8"}})
    with pytest.raises(RefusedError, match=r"sorts text by the system.s libraries, and \S+ does not say its system"):
        check(operated(sorted_by_system, wanted), new)
    assert check(operated(well(), wanted), new) == 18
    assert steps.done == []
