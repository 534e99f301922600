"""An answer while it is being written, as far as a room has heard it."""

from dataclasses import dataclass, field

from app.frames import Frame


@dataclass
class Writing:
    """`begun`: this room told its beginning, so nobody holds words of it from before. `frames` begin with the last whole
    one."""

    id: str
    key: str
    begun: bool
    frames: list[Frame] = field(default_factory=list)

    @property
    def last(self) -> Frame | None:
        return self.frames[-1] if self.frames else None

    @property
    def text(self) -> str:
        """All of it so far."""
        return "".join(frame.text for frame in self.frames)

    def add(self, frame: Frame) -> bool:
        """Take a frame in. Whether it goes on with what all who listen hold, rather than standing in its place."""
        goes_on = not frame.whole or (self.begun and not self.frames)
        if frame.whole:
            self.frames.clear()
        self.frames.append(frame)
        return goes_on

    def text_after(self, fence: int, number: int) -> str | None:
        """What came after this frame; None if what its holder has can't be known."""
        if (fence, number) == (0, 0):
            return self.text
        if not self.frames or fence != self.frames[0].fence or not self.frames[0].number <= number <= self.frames[-1].number:
            return None
        return "".join(frame.text for frame in self.frames if frame.number > number)
