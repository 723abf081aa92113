"""robots.txt on their way: each is asked for in the turn of the host where it lies, and its authority's URLs wait.

    a URL whose rules are unknown --> aside --+--> robots.txt of its own host: asked for in this very turn
                                              +--> redirected to another host: waits there, ahead of that host's pages
    rules, or a further redirect -----------> back into its own host's queue

No host waits for another one: two may have each other's robots.txt.
"""

from newsarchive.crawl.hosts import AHEAD, Hosts
from newsarchive.crawl.robots import Robots, RobotsAnswer, Rules, authority, robots_discovery
from storage.model import Due


class RobotsPending:
    """Who waits for which robots.txt."""

    def __init__(self, robots: Robots, hosts: Hosts) -> None:
        self._robots = robots
        self._hosts = hosts
        self._sent: dict[str, Due] = {}
        """By authority: what is asked for."""
        self._behind: dict[int, Due] = {}
        """By the id of what is asked for: the URL that waited first."""

    def send(self, due: Due) -> Due | None:
        """Set a URL aside until its rules are known; returns what to ask for, None where that is asked for already."""
        of = authority(due.url)
        self._hosts.set_aside(due, of)
        if of in self._sent:
            return None
        errand = Due(
            url_id=next(self._hosts.unlisted),
            url=self._robots.wanted(due.url),
            discovery=robots_discovery(due.discovery.site),
            due_at=due.due_at,
            priority=AHEAD,
            failures=0,
        )
        self._sent[of] = errand
        self._behind[errand.url_id] = due
        return errand

    def behind(self, errand: Due) -> Due:
        """The URL that a robots.txt is asked for first of all."""
        return self._behind[errand.url_id]

    def learn(self, errand: Due, answer: RobotsAnswer) -> Rules | None:
        """Take an answer, and let go on who waited: to the page, or to a redirect's target, for which None is given."""
        due = self.back(errand)
        rules = self._robots.learn(due.url, answer)
        self._hosts.take_up(authority(due.url))
        return rules

    def impossible(self, errand: Due) -> list[Due]:
        """Take back what cannot be asked for. A redirect's target is as good as none; returns who waits in vain."""
        due = self.back(errand)
        of = authority(due.url)
        if self._robots.mark_unreachable(due.url):
            self._hosts.take_up(of)
            return []
        return self._hosts.let_go(of)

    def drop(self, errand: Due) -> None:
        """Let go on who waited, without an answer: whatever comes of it, a robots.txt is asked for anew."""
        self._hosts.take_up(authority(self.back(errand).url))

    def back(self, errand: Due) -> Due:
        """Forget an errand; returns the URL that waited first."""
        due = self._behind.pop(errand.url_id)
        self._sent.pop(authority(due.url), None)
        return due
