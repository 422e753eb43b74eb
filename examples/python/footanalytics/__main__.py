"""`python -m footanalytics`: one user's features, and how the two models do for many."""

import argparse
import json
import os
import sys
from typing import Any

from footanalytics.features import DEFAULTS, ORIGINAL, Features, Traits
from footanalytics.models import Performance, matches
from footanalytics.settings import SettingsError, service
from footanalytics.typed import trait

WRONG_USAGE = 2


def main() -> int:
    """Print the features of `--identity`. An outage is no error: the program goes on with the defaults, and says so."""
    options = _options()
    try:
        features = Features(service(os.environ))
    except SettingsError as error:
        print(error, file=sys.stderr)
        return WRONG_USAGE
    result = _result(features, options.identity, dict(options.trait), options.users)
    features.send_usage()
    if features.problem is not None:
        print(f"{features.problem}. The defaults are used.", file=sys.stderr)
    print(json.dumps(result, indent=2) if options.json else _table(result))
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m footanalytics", description=__doc__)
    parser.add_argument("--identity", default="anna", help="who the user is (default: anna)")
    parser.add_argument("--trait", action="append", default=[], type=trait, metavar="KEY=VALUE", help="repeatable")
    parser.add_argument("--users", default=8, type=int, help="how many users the models are compared for (default: 8)")
    parser.add_argument("--json", action="store_true", help="print JSON")
    return parser.parse_args()


def _result(features: Features, identity: str, traits: Traits, users: int) -> dict[str, Any]:
    flags = features.of(identity, traits)
    # One evaluation, read as often as one likes.
    found = {name: flags.get_flag(name) for name in DEFAULTS}
    test = found["dashboard_ab_test"]
    performance = Performance()
    for number, match in zip(range(1, users + 1), matches(), strict=False):
        # Made-up users with the same traits: transient, so that Flagsmith does not keep them.
        theirs = features.of(f"{identity}-{number}", traits, transient=True)
        performance.predict("v2" if theirs.is_feature_enabled("ml_model_v2_enabled") else "v1", match)
    return {
        "identity": identity,
        "traits": traits,
        "evaluation": features.evaluation(identity),
        "problem": features.problem,
        "flags": {
            name: {"enabled": flag.enabled, "value": flag.value, "is_default": flag.is_default}
            for name, flag in found.items()
        },
        "dashboard": test.value if test.enabled else ORIGINAL,
        "models": performance.by_variant(),
    }


def _table(result: dict[str, Any]) -> str:
    lines = [f"{result['identity']} sees {result['dashboard']} (evaluation: {result['evaluation']})", ""]
    for name, flag in result["flags"].items():
        value = "" if flag["value"] is None else f"  {flag['value']}"
        default = "  (default)" if flag["is_default"] else ""
        lines.append(f"  {name:30} {'on' if flag['enabled'] else 'off':3}{value}{default}".rstrip())
    lines += ["", f"  {'model':6} {'predictions':>11} {'mean error':>11} {'mean time':>12}"]
    for variant, row in result["models"].items():
        time = f"{row['mean_microseconds']:.1f} µs"
        lines.append(f"  {variant:6} {row['predictions']:11} {row['mean_error']:11.3f} {time:>12}")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
