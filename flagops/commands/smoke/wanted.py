"""All questions about what the round trip made, for several users and both kinds of keys, and their right answers."""

from collections.abc import Iterator
from dataclasses import dataclass

from flagops.commands.smoke import evaluated, routes, written
from flagops.commands.smoke.http import Question
from flagops.commands.smoke.local import checked
from flagops.commands.smoke.makes import TRAIT, Maker, Saying
from flagops.commands.smoke.model import CheckFailedError, OutOfTimeError
from flagops.commands.smoke.responses import Flags, differences, of_identity
from flagops.commands.smoke.responses import flags as read_flags
from flagops.commands.smoke.visit import Visit

EVERY = 2  # of the users one is asked for with the server-side key as well

User = tuple[str, routes.Traits]


@dataclass(frozen=True)
class ExpectedAnswer:
    """A question, and what its answer has to say of the flags that were made.

    Attributes:
        question: The question.
        wanted: What each flag has to say; those that are not in it must not be in the answer.
        user: Whose answer it is; None for the environment's.
    """

    question: Question
    wanted: Flags
    user: str | None = None


class ExpectedAnswers:
    """The users that are asked for, and what they have to get.

    An edge is asked with the client-side key alone, for it knows no server-side key but its own; and for no user who is
    kept, for it keeps nothing, and knows overrides of users only where the environment says so.
    """

    def __init__(self, visit: Visit, maker: Maker) -> None:
        self._visit, self._maker = visit, maker
        self.names = [f"{maker.name}_{word}" for word in maker.features]
        self.member: routes.Traits = {TRAIT: maker.name}
        self.passing: list[User] = [(user, {}) for user in written.one_of_each(visit, maker)]
        # In another group nothing changes for a user of whom it is known which variation it gets.
        self.passing += [(routes.some_user(), self.member), (self.passing[0][0], {TRAIT: "another"})]
        self._has_edge = visit.place.has_edge
        self._keeps_traits = not self._has_edge and self._keep()

    def document(self, saying: Saying) -> evaluated.Document:
        """What was written."""
        return written.document(self._visit, self._maker, saying, min(self._maker.seeds))

    def asked(self, saying: Saying) -> list[ExpectedAnswer]:
        """All questions but that for the document."""
        keys = self._visit.keys
        of_clients = self._with(saying, keys.client_side, True)  # noqa: FBT003
        if self._has_edge:
            return list(of_clients)
        return [*self._with(saying, keys.server_side, False), *of_clients]  # noqa: FBT003

    def _with(self, saying: Saying, key: str, is_client: bool) -> Iterator[ExpectedAnswer]:  # noqa: FBT001
        document = self.document(saying)
        document = evaluated.at_edge(document) if self._has_edge else document
        here = self._visit.keys.environment
        takes_traits = self._has_edge or not is_client or here.get("allow_client_traits") is not False

        def seen(flags: Flags) -> Flags:
            return evaluated.for_clients(document, flags) if is_client else flags

        everybody = seen(evaluated.environment(document))
        if not (is_client and evaluated.hides_disabled(document)):  # then this route forgets to hide the server's own
            yield ExpectedAnswer(routes.flags(key), everybody)
        for user, traits in self.passing if is_client else self.passing[::EVERY]:
            wanted = seen(evaluated.identity(document, user, traits if takes_traits else {}))
            yield ExpectedAnswer(routes.by_post(user, key, traits), wanted, user)
            if not traits:
                yield ExpectedAnswer(routes.by_get(user, key), wanted, user)
        if self._has_edge:
            return
        listed = self._maker.user
        wanted = seen(evaluated.identity(document, listed, self.member if self._keeps_traits else {}))
        yield ExpectedAnswer(routes.by_get(listed, key, is_kept=True), wanted, listed)
        yield ExpectedAnswer(routes.by_post(listed, key), wanted, listed)

    def _keep(self) -> bool:
        """Send a trait of the user who is kept; whether the organisation keeps traits at all."""
        keys, probe = self._visit.keys, self._visit.probe
        probe.read(routes.by_post(self._maker.user, keys.server_side, self.member, is_kept=True))
        project = checked(probe.read(routes.document(keys.server_side)), keys.client_side)["project"]
        return (project.get("organisation") or {}).get("persist_trait_data") is not False

    def mismatch(self, asked: ExpectedAnswer) -> str | None:
        """What is wrong with an answer; None when it is right."""
        what = asked.question.what
        try:
            found = self._visit.probe.read(asked.question)
            said = read_flags(found, what) if asked.user is None else of_identity(found, what, asked.user)
        except OutOfTimeError:
            raise
        except CheckFailedError as error:
            return str(error)
        return next((f"{what}: {wrong}" for wrong in differences(asked.wanted, said, self.names)), None)

    def document_mismatch(self, saying: Saying) -> str | None:
        """What is wrong with the environment's document, evaluated as SDKs do; None when it is right."""
        keys, ours = self._visit.keys, self.document(saying)
        try:
            found = checked(self._visit.probe.read(routes.document(keys.server_side)), keys.client_side)
        except OutOfTimeError:
            raise
        except CheckFailedError as error:
            return str(error)
        pairs = [(evaluated.environment(ours), evaluated.environment(found))]
        for user, traits in [*self.passing, (self._maker.user, self.member)]:
            pairs.append((evaluated.identity(ours, user, traits), evaluated.identity(found, user, traits)))
        for wanted, said in pairs:
            for wrong in differences(wanted, said, self.names):
                return f"the environment's document, evaluated here: {wrong}"
        hidden = found["project"].get("server_key_only_feature_ids") or []
        if self._maker.features["server"] not in hidden:
            return "the environment's document does not say which flag is for servers alone"
        return None
