"""The established pipeline beside ours: pipecat-ai with its Twilio serializer, its own voice activity detector, and Vosk.

One pipeline a call and port, all on one event loop, as pipecat runs several calls in one process. Run by the peers' own
interpreter: `pipecat_server.py FIRST_PORT CALLS [--vad] [--vosk FOLDER]`. With --vosk each call has a recogniser of its own,
made before the call, which is fed with all the audio on a thread and gives its text when the detector says that the caller
has stopped.
"""

import argparse
import asyncio
import json
import sys
import time
from collections.abc import AsyncGenerator

from loguru import logger
from pipecat.audio.vad.silero import SileroVADAnalyzer
from pipecat.frames.frames import Frame, InputAudioRawFrame, TranscriptionFrame, VADUserStoppedSpeakingFrame
from pipecat.pipeline.pipeline import Pipeline
from pipecat.pipeline.worker import PipelineParams, PipelineWorker
from pipecat.processors.audio.vad_processor import VADProcessor
from pipecat.processors.frame_processor import FrameDirection, FrameProcessor
from pipecat.serializers.twilio import TwilioFrameSerializer
from pipecat.services.stt_service import STTService
from pipecat.transports.websocket.server import (
    SingleClientWebsocketServerParams,
    SingleClientWebsocketServerTransport,
)
from pipecat.workers.runner import WorkerRunner

RATE_HZ = 8000
STEP_BYTES = 3200  # 0.2 s, the step in which Vosk decodes


class VoskStt(STTService):
    """Vosk as a streaming service of pipecat: every frame is recognised, off the event loop."""

    def __init__(self, recognizer: object) -> None:
        """Take a recogniser of this call."""
        super().__init__(sample_rate=RATE_HZ)
        self._recognizer = recognizer
        self._waiting = bytearray()
        self._oldest = 0.0

    async def run_stt(self, audio: bytes) -> AsyncGenerator[Frame | None, None]:
        """Decode in whole steps."""
        if not self._waiting:
            self._oldest = time.monotonic()
        self._waiting += audio
        while len(self._waiting) >= STEP_BYTES:
            step = bytes(self._waiting[:STEP_BYTES])
            del self._waiting[:STEP_BYTES]
            await asyncio.to_thread(self._recognizer.AcceptWaveform, step)
        yield None

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        """End an utterance where the detector ends it."""
        await super().process_frame(frame, direction)
        if isinstance(frame, VADUserStoppedSpeakingFrame):
            heard = await asyncio.to_thread(self._recognizer.FinalResult)
            await self.push_frame(TranscriptionFrame(json.loads(heard)["text"], "caller", str(time.time())))


class Sink(FrameProcessor):
    """The end of the line: notes how late audio arrives, by the wall clock against the audio's own length."""

    def __init__(self, number: int) -> None:
        """Take the call's number."""
        super().__init__()
        self._number = number
        self._began = 0.0
        self._seconds = 0.0
        self._latest = 0.0

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        """Count audio."""
        await super().process_frame(frame, direction)
        if isinstance(frame, InputAudioRawFrame):
            now = time.monotonic()
            self._began = self._began or now
            self._latest = max(self._latest, now - self._began - self._seconds)
            self._seconds += len(frame.audio) / 2 / frame.sample_rate
            if round(self._seconds * 50) % 250 == 0:
                print(f"LATE {self._number} {self._latest:.3f}", flush=True)
        await self.push_frame(frame, direction)


def worker(number: int, port: int, *, vad: bool, model: object | None) -> PipelineWorker:
    """One call's pipeline."""
    parameters = TwilioFrameSerializer.InputParams(auto_hang_up=False)
    transport = SingleClientWebsocketServerTransport(
        host="127.0.0.1",
        port=port,
        params=SingleClientWebsocketServerParams(
            serializer=TwilioFrameSerializer(stream_sid="MZ1", params=parameters), audio_in_enabled=True
        ),
    )
    steps: list[FrameProcessor] = [transport.input()]
    if vad:
        steps.append(VADProcessor(vad_analyzer=SileroVADAnalyzer(sample_rate=RATE_HZ)))
    if model is not None:
        import vosk  # noqa: PLC0415 - only where recognition is measured

        steps.append(VoskStt(vosk.KaldiRecognizer(model, RATE_HZ)))
    steps.append(Sink(number))
    return PipelineWorker(
        Pipeline(steps),
        params=PipelineParams(audio_in_sample_rate=RATE_HZ, audio_out_sample_rate=RATE_HZ),
        idle_timeout_secs=None,
    )


async def main() -> None:
    """Serve until ended."""
    parser = argparse.ArgumentParser()
    parser.add_argument("port", type=int)
    parser.add_argument("calls", type=int)
    parser.add_argument("--vad", action="store_true")
    parser.add_argument("--vosk", default="")
    given = parser.parse_args()
    logger.remove()
    logger.add(sys.stderr, level="ERROR")
    model = None
    if given.vosk:
        import vosk  # noqa: PLC0415 - only where recognition is measured

        vosk.SetLogLevel(-1)
        model = vosk.Model(given.vosk)
    runner = WorkerRunner(handle_sigint=False)
    for number in range(given.calls):
        await runner.add_workers(worker(number, given.port + number, vad=given.vad, model=model))
    print("READY", flush=True)
    await runner.run()


asyncio.run(main())
