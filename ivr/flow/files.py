"""What is wrong with a flow file and its prompts file, read together: one fault in either is told once, where it stands. Pure."""

from ivr.flow.checker import check
from prompts.catalogue import read_prompts
from prompts.flows import read_flow
from prompts.problems import Problem
from prompts.version import FLOW_FILE, PROMPTS_FILE


def problems_of(
    flow_text: str, prompts_text: str, *, flow_file: str = FLOW_FILE, prompts_file: str = PROMPTS_FILE
) -> tuple[Problem, ...]:
    """Return every problem of the two files, the flow's first; none means that a version can be made of them."""
    prompts = read_prompts(prompts_text, file=prompts_file)
    reading = read_flow(flow_text, file=flow_file)
    found = check(reading.document, file=flow_file, lines=reading.lines, wordings=prompts.shape, found=reading.problems)
    return (*found, *prompts.problems)
