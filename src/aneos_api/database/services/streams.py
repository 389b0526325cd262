"""What runs beside the service remembers: duties of one process at a time, positions, messages that came in."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import delete, or_, select, update

from aneos_api.clock import after, utc_now
from aneos_api.database.models import Duty, ReceivedMessage, StreamPosition
from aneos_api.database.services.base import Service


class StreamService(Service):
    """Duties, positions and messages of the installation."""

    async def take_duty(self, name: str, holder: str, *, lease_s: float) -> bool:
        """Take or renew a duty; whether ``holder`` has it now. Nobody else gets it for ``lease_s`` seconds."""
        free = or_(Duty.holder == holder, Duty.until <= utc_now())
        values = {"holder": holder, "until": after(lease_s)}
        statement = (
            self._insert(Duty)
            .values(name=name, **values)
            .on_conflict_do_update(index_elements=[Duty.name], set_=values, where=free)
        )
        return await self._change(statement) == 1

    async def leave_duty(self, name: str, holder: str) -> None:
        """Give a duty up, so that another need not wait for the end of the lease."""
        await self._change(delete(Duty).where(Duty.name == name, Duty.holder == holder))

    async def position(self, name: str) -> int | None:
        """How far the reader ``name`` has come; None where it has not begun."""
        statement = select(StreamPosition.position).where(StreamPosition.name == name)
        return await self.session.scalar(statement)

    async def move(self, name: str, position: int) -> None:
        """The reader has come to ``position``; never back."""
        now = utc_now()
        statement = (
            self._insert(StreamPosition)
            .values(name=name, position=position, updated_at=now)
            .on_conflict_do_update(
                index_elements=[StreamPosition.name],
                set_={"position": position, "updated_at": now},
                where=StreamPosition.position < position,
            )
        )
        await self._change(statement)

    async def receive(self, source: str, key: str, sha256: str) -> bool:
        """Note a message; False where one of this key came before."""
        statement = self._insert(ReceivedMessage).values(
            source=source, key=key, sha256=sha256, error=None, observation_set_id=None, created_at=utc_now()
        )
        return await self._change(statement.on_conflict_do_nothing()) == 1

    async def made_of(
        self, source: str, key: str, *, observation_set_id: UUID | None = None, error: str | None = None
    ) -> None:
        """What became of a message."""
        await self._change(
            update(ReceivedMessage)
            .where(ReceivedMessage.source == source, ReceivedMessage.key == key)
            .values(observation_set_id=observation_set_id, error=None if error is None else error[:400])
        )

    async def purge_messages(self, *, keep_days: int) -> int:
        """Forget messages older than ``keep_days``; how many."""
        old = ReceivedMessage.created_at < after(-keep_days * 86_400)
        return await self._change(delete(ReceivedMessage).where(old))
