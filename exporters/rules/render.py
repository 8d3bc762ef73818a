"""Rule files for Prometheus and test files for promtool, from the catalogue. Values in, text out."""

from __future__ import annotations

from typing import Any

import yaml

from exporters.rules.rule import Alert, Example, Group, Recording, Text

RUNBOOK_PATH = "/huong-dan"
TEST_INTERVAL = "1m"


def rule_file(group: Group, *, hub_site: str, base_url: str) -> str:
    """YAML text. `hub_site`: the site of alerts about the hub; `base_url`: how people reach it."""
    rules: list[dict[str, Any]] = [{"record": one.name, "expr": one.expr} for one in group.recordings]
    rules += [_alert(one, hub_site, base_url) for one in group.alerts]
    return _yaml({"groups": [{"name": group.name, "interval": group.interval, "rules": rules}]})


def promtool_file(group: Group, rule_files: list[str]) -> str:
    """YAML text for `promtool test rules`: each rule with its own examples."""
    tests = [test for one in group.recordings for test in _recording_tests(one)]
    tests += [test for alert in group.alerts for test in _alert_tests(alert)]
    return _yaml({"rule_files": rule_files, "evaluation_interval": TEST_INTERVAL, "tests": tests})


def _alert(alert: Alert, hub_site: str, base_url: str) -> dict[str, Any]:
    labels: dict[str, str] = {"severity": alert.severity, "scope": alert.scope}
    if alert.scope == "hub":
        labels["site"] = hub_site
    return {
        "alert": alert.name,
        "expr": alert.expr,
        "for": alert.hold,
        "labels": labels,
        "annotations": {
            **_both("summary", alert.summary),
            **_both("meaning", alert.meaning),
            **_both("cause", alert.causes),
            **_both("first_steps", _steps(alert)),
            "runbook_url": f"{base_url}{RUNBOOK_PATH}/{alert.name}",
        },
    }


def _both(name: str, text: Text) -> dict[str, str]:
    return {f"{name}_vi": text.vi, f"{name}_en": text.en}


def _steps(alert: Alert) -> Text:
    return Text(" ".join(step.vi for step in alert.steps), " ".join(step.en for step in alert.steps))


def _recording_tests(rule: Recording) -> list[dict[str, Any]]:
    labels = ",".join(f'{name}="{value}"' for name, value in rule.example.labels.items())
    expected = [{"labels": f"{rule.name}{{{labels}}}", "value": rule.value}]
    tests = [_test(rule.name, rule.example, f"{rule.name}{{{labels}}}", expected)]
    if rule.absent is not None:
        tests.append(_test(f"{rule.name}: nothing", rule.absent, rule.name, []))
    return tests


def _alert_tests(alert: Alert) -> list[dict[str, Any]]:
    selector = {"alertname": alert.name, "alertstate": "firing"}
    fires = selector | {"severity": alert.severity, "scope": alert.scope} | dict(alert.fires.labels)
    expected = [{"labels": "{}", "value": 1}]
    tests = [_test(f"{alert.name} fires", alert.fires, f"sum({_selected(fires)})", expected)]
    if alert.quiet is not None:
        tests.append(_test(f"{alert.name} is quiet", alert.quiet, _selected(selector), []))
    return tests


def _selected(labels: dict[str, str]) -> str:
    return "ALERTS{" + ",".join(f'{name}="{value}"' for name, value in labels.items()) + "}"


def _test(name: str, example: Example, expr: str, expected: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "name": name,
        "interval": TEST_INTERVAL,
        "input_series": [{"series": series, "values": values} for series, values in example.series.items()],
        "promql_expr_test": [{"expr": expr, "eval_time": example.at, "exp_samples": expected}],
    }


def _yaml(document: dict[str, Any]) -> str:
    return yaml.safe_dump(document, allow_unicode=True, sort_keys=False, width=1000)
