"""Decide when a URL is fetched again: a pure function of the index, so that a rebuild plans as the crawl did."""

from newsarchive.schedule.visits import DEFAULT_INTERVALS, FAILURE_OUTCOMES, VisitIntervals, plan_next_visit, planner

__all__ = ["DEFAULT_INTERVALS", "FAILURE_OUTCOMES", "VisitIntervals", "plan_next_visit", "planner"]
