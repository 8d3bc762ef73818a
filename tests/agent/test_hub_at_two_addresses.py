"""The real process with two addresses of its hub: what it measures follows what it talks to."""

from __future__ import annotations

from pathlib import Path

from tests.agent.hub import Hub, Reflector, reflecting, serving
from tests.agent.test_running_agent import KEY, Node, configuration, ended, names

SECOND = "127.0.0.2"


def test_all_that_measures_the_way_to_the_hub_moves_on_with_the_uplink_and_back(tmp_path: Path) -> None:
    node = Node(tmp_path)
    first, second = Hub(), Hub(host=SECOND)
    with reflecting(Reflector(KEY)) as near, serving(first), serving(second):
        far = Reflector(KEY, near.port, host=SECOND)
        document = configuration(("l1", near.port))
        document["probes"] = {"targets": [{"probe": "icmp", "target": "hub", "address": "", "interval_seconds": 1}]}
        first.configuration = second.configuration = document
        node.state.prepare()
        node.state.hubs.write_text(f"{second.url}\n")
        with reflecting(far), node.running(first) as process:
            first.wait(lambda: near.came > 20)
            assert far.came == 0
            first.silent = True
            second.wait(lambda: far.came > 20)
            came = near.came
            second.wait(lambda: far.came > 100)
            assert near.came == came
            second.wait(lambda: "thongsuot_line_lost_packets" in names(second), seconds=30)
            second.silent, first.silent = True, False
            first.wait(lambda: near.came > came + 20)
            status, said = ended(process)
    assert status == 0
    assert f"line l1: the reflector is asked at {SECOND}" in said
    assert f"icmp hub: asking {SECOND}" in said
    lost = [value for labels, _, value in second.samples if labels["__name__"] == "thongsuot_line_lost_packets"]
    assert sum(lost) == 0
