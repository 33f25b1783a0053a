"""What a run listens on: a group of processes on one machine can be reached by nobody else's."""

from __future__ import annotations

import ipaddress

import psutil
import pytest
from real_run import MakeRun, wait_for_end, wait_for_step

from stickgen.runs.launch import launch, stop
from stickgen.runs.store import Status

pytestmark = pytest.mark.drill


@pytest.mark.parametrize("processes", [1, 2])
@pytest.mark.parametrize("workers", [0, 2])
def test_a_run_listens_on_no_network(make: MakeRun, processes: int, workers: int) -> None:
    run = make(**{"device.num_workers": workers})
    launch(run, nproc=processes)
    wait_for_step(run, 3)
    trainer = psutil.Process(run.launches[-1]["pid"])
    open_to = [
        connection.laddr.ip
        for process in (trainer, *trainer.children(recursive=True))
        for connection in process.net_connections(kind="inet")
        if connection.status == psutil.CONN_LISTEN
    ]
    assert all(ipaddress.ip_address(address).is_loopback for address in open_to), open_to
    stop(run)
    wait_for_end(run)
    assert run.state().status == Status.STOPPED
