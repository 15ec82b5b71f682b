"""The stop button's message reaches a kernel whose main shell is busy training."""

import pytest
from jupyter_client.manager import start_new_kernel

MAKE = """
import time
from lmcore.widgets import TrainingMonitor
monitor = TrainingMonitor(total=400)
print(monitor.comm.comm_id)
"""
TRAIN = """
for step in range(1, 401):
    time.sleep(0.02)
    monitor.update(step, 5.0, 1000.0, 1.0)
    if monitor.stop_requested:
        break
monitor.finish(stopped=step < 400)
print(step)
"""


@pytest.fixture
def kernel():
    manager, client = start_new_kernel(kernel_name="python3")
    yield client
    client.stop_channels()
    manager.shutdown_kernel(now=True)


def printed(client, request):
    """What the request prints; every message of it is read, to its idle."""
    text = ""
    while True:
        message = client.get_iopub_msg(timeout=60)
        if message["parent_header"].get("msg_id") != request:
            continue
        if message["msg_type"] == "stream" and message["content"]["name"] == "stdout":
            text += message["content"]["text"]
        if message["content"].get("execution_state") == "idle":
            return text.strip()


def test_a_stop_ends_a_running_cell(kernel):
    comm_id = printed(kernel, kernel.execute(MAKE))
    request = kernel.session.msg("create_subshell_request", {})
    kernel.control_channel.send(request)
    subshell = kernel.get_control_msg(timeout=10)["content"]["subshell_id"]
    training = kernel.execute(TRAIN)
    while kernel.get_iopub_msg(timeout=10)["msg_type"] != "comm_msg":
        pass  # the first step has been shown: now the reader presses the button
    data = {"method": "update", "state": {"stop_requested": True}, "buffer_paths": []}
    stop = kernel.session.msg("comm_msg", {"comm_id": comm_id, "data": data})
    stop["header"]["subshell_id"] = subshell
    kernel.shell_channel.send(stop)
    assert int(printed(kernel, training)) < 200
