"""Figures against tables of stays that were worked out by hand."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from routing.figures_counted import GroupBy, Question, Records, counted, total
from routing.figures_defined import Share, ShortAbandons, Terms, Unit, Worth, percentile, plain
from routing.figures_intervals import wilson
from routing.figures_paper import definitions
from routing.figures_periods import Period, days_of
from routing.figures_records import NONE_YET, Contact, Counts, Effort, StateSpan, Stay
from routing.figures_table import FIGURES
from tests.stays import AGENTS, NOON, QUEUES, ROME, abandoned, answered, at, stay, week

DAY = days_of(date(2026, 11, 23), date(2026, 11, 23), ROME)
LATER = at(3600)
ASKED = Question(period=DAY, zone=ROME, now=LATER)
TERMS = Terms()


def counts(*stays: Stay, question: Question = ASKED) -> Counts:
    return total(counted(question, Records(stays=stays)))


def figure(code: str, given: Counts, terms: Terms = TERMS) -> Worth:
    return FIGURES[code].of(given, terms)


class TestServiceLevel:
    # Waits: 10, 20 and 20.1 s answered; 5 and 60 s abandoned; a callback chosen after 90 s.
    STAYS = (
        answered(1, waited=10),
        answered(2, waited=20),
        answered(3, waited=20.1),
        abandoned(4, waited=5),
        abandoned(5, waited=60),
        stay(6, outcome="callback", left=90),
    )

    @pytest.mark.parametrize(
        ("terms", "part", "whole"),
        [
            (Terms(), 2, 5),
            (Terms(service_seconds=21), 3, 5),
            (Terms(service_seconds=9), 0, 5),
            (Terms(service_seconds=60), 3, 4),
            (Terms(service_seconds=90), 3, 3),
            (Terms(short_abandons=ShortAbandons.AGAINST), 2, 6),
            (Terms(short_abandons=ShortAbandons.IN_TIME), 3, 6),
        ],
    )
    def test_counts_who_was_answered_within_the_threshold(self, terms: Terms, part: int, whole: int) -> None:
        assert figure("service_level", counts(*self.STAYS), terms) == Share(part=part, whole=whole)

    def test_a_call_that_still_waits_counts_once_the_threshold_is_past(self) -> None:
        waiting = (answered(1), stay(2, came=3595), stay(3, came=3570))
        assert figure("service_level", counts(*waiting)) == Share(part=1, whole=2)

    def test_an_accepted_call_whose_agent_has_not_picked_up_still_waits(self) -> None:
        ringing = stay(1, came=3580, outcome="answered", agent_id="giulia", left=3585, accepted=3585)
        given = counts(ringing)
        assert (given.answered, given.waiting_for) == (0, {20: 1})

    def test_who_hung_up_before_the_agent_picked_up_has_abandoned(self) -> None:
        gone = stay(1, outcome="abandoned", agent_id="giulia", left=12, accepted=5, ended=12, wrapped=12)
        assert counts(gone).abandoned_after == {12: 1}

    def test_nothing_can_be_said_of_no_calls(self) -> None:
        assert figure("service_level", NONE_YET) is None
        assert figure("service_level", counts(abandoned(1, waited=3))) is None

    def test_it_is_no_figure_of_an_agent(self) -> None:
        assert FIGURES["service_level"].of(counts(*self.STAYS), TERMS, GroupBy.AGENT) is None


class TestContactsOnce:
    def test_an_overflow_is_one_wait_from_the_first_queue_on(self) -> None:
        first = stay(1, "CA", outcome="overflow", left=60)
        second = answered(2, came=60, waited=10, queue="general", call="CA")
        groups = counted(replace(ASKED, by=GroupBy.QUEUE), Records(stays=(first, second)))
        assert (groups["orders"].offered, groups["orders"].went_on) == (0, 1)
        assert groups["general"].answered_after == {70: 1}
        assert total(groups).offered == 1

    def test_a_transfer_is_one_contact_with_two_talks(self) -> None:
        first = answered(1, waited=10, talked=100, call="CA")
        second = answered(
            2, came=110, waited=40, talked=50, call="CA", transferred=True, queue="returns", agent_id="luca"
        )
        given = counts(first, second)
        assert (given.offered, given.answered_after) == (1, {10: 1})
        assert (given.talks, given.handed_on, given.handled) == (2, 1, 2)
        assert figure("transfers", given) == Share(part=1, whole=2)
        assert figure("wait_again", given) == 40
        assert figure("speed_of_answer", given) == 10
        by_agent = counted(replace(ASKED, by=GroupBy.AGENT), Records(stays=(first, second)))
        assert (by_agent["giulia"].handed_on, by_agent["luca"].handed_on) == (1, 0)

    def test_a_lost_agent_s_caller_is_offered_once(self) -> None:
        lost = answered(1, call="CA")
        back = answered(2, came=110, waited=3, call="CA")
        given = counts(lost, back)
        assert (given.offered, given.again, given.handed_on) == (1, 1, 0)

    def test_a_callback_is_counted_by_itself(self) -> None:
        asked = stay(1, "CA", outcome="callback", left=90)
        called = answered(2, came=90, waited=600, call="CA", kind="callback")
        given = counts(asked, called)
        assert (given.offered, given.answered, given.callbacks) == (1, 0, 1)
        assert figure("callbacks_reached", given) == Share(part=1, whole=1)
        assert given.handled == 1

    def test_a_callback_that_waits_for_its_turn_is_neither_reached_nor_missed(self) -> None:
        asked = stay(1, "CA", outcome="callback", left=90)
        given = counts(asked, stay(2, "CA", came=90, kind="callback"))
        assert figure("callbacks_reached", given) is None

    def test_a_consultation_is_no_contact(self) -> None:
        assert counts(answered(1, kind="consult")) == NONE_YET


class TestHandling:
    def test_talk_hold_and_wrap_up_add_up(self) -> None:
        given = counts(answered(1, talked=100, held_seconds=25), answered(2, talked=50))
        assert figure("talk", given) == (75 + 50) / 2
        assert figure("hold", given) == 12.5
        assert figure("wrap_up", given) == 30
        assert figure("handling", given) == (130 + 80) / 2

    def test_a_talk_that_goes_on_is_answered_but_not_handled(self) -> None:
        live = stay(1, outcome="answered", agent_id="giulia", left=5, accepted=5, connected=8)
        given = counts(live)
        assert (given.answered, given.talks, given.handled) == (1, 1, 0)
        assert figure("handling", given) is None

    def test_a_wrap_up_that_goes_on_is_not_handled_yet(self) -> None:
        given = counts(replace(answered(1), wrap_up_ended_at=None))
        assert (given.talks, given.handled) == (1, 0)

    def test_more_hold_than_talk_makes_no_negative_talk(self) -> None:
        assert figure("talk", counts(answered(1, talked=10, held_seconds=11))) == 0


class TestTimes:
    def test_a_call_over_midnight_belongs_to_the_day_on_which_it_came(self) -> None:
        midnight = datetime(2026, 11, 23, 23, 0, tzinfo=UTC)
        late = Stay(
            stay_id=1, call_id="CA", queue="orders", skill="orders", outcome="answered", agent_id="giulia",
            enqueued_at=midnight - timedelta(seconds=30), connected_at=midnight + timedelta(seconds=10),
            ended_at=midnight + timedelta(seconds=400), wrap_up_ended_at=midnight + timedelta(seconds=430),
        )  # fmt: skip
        both = days_of(date(2026, 11, 23), date(2026, 11, 24), ROME)
        question = Question(period=both, zone=ROME, now=midnight + timedelta(days=1), by=GroupBy.DAY)
        assert set(counted(question, Records(stays=(late,)))) == {"2026-11-23"}
        assert set(counted(replace(question, by=GroupBy.HOUR), Records(stays=(late,)))) == {"23"}

    def test_an_agent_s_time_over_midnight_is_divided(self) -> None:
        midnight = datetime(2026, 11, 23, 23, 0, tzinfo=UTC)
        span = StateSpan(
            agent_id="giulia", state="on_call", begins_at=midnight - timedelta(minutes=10),
            ends_at=midnight + timedelta(minutes=20),
        )  # fmt: skip
        both = days_of(date(2026, 11, 23), date(2026, 11, 24), ROME)
        question = Question(period=both, zone=ROME, now=midnight + timedelta(days=1), by=GroupBy.DAY)
        found = counted(question, Records(spans=(span,)))
        minutes = {day: given.busy_us / 60_000_000 for day, given in found.items()}
        assert minutes == {"2026-11-23": 10, "2026-11-24": 20}

    def test_a_day_has_as_many_hours_as_its_clock_gives_it(self) -> None:
        october, march = date(2026, 10, 25), date(2026, 3, 29)
        for day, hours in ((october, 25), (march, 23)):
            period = days_of(day, day, ROME)
            span = StateSpan(agent_id="giulia", state="available", begins_at=period.begins_at, ends_at=period.ends_at)
            question = Question(period=period, zone=ROME, now=period.ends_at, by=GroupBy.DAY)
            assert total(counted(question, Records(spans=(span,)))).staffed_us == hours * 3600 * 1_000_000
            by_hour = counted(replace(question, by=GroupBy.HOUR), Records(spans=(span,)))
            assert by_hour.get("02", NONE_YET).staffed_us == (7200 if hours == 25 else 0) * 1_000_000

    def test_an_agent_s_time_ends_with_the_moment_of_the_question(self) -> None:
        span = StateSpan(agent_id="giulia", state="available", begins_at=NOON, ends_at=at(9000))
        assert total(counted(ASKED, Records(spans=(span,)))).staffed_us == 3600 * 1_000_000

    def test_a_naive_time_is_refused(self) -> None:
        with pytest.raises(ValueError, match="aware"):
            Stay(stay_id=1, call_id="CA", queue="q", skill="s", enqueued_at=datetime(2026, 1, 1))  # noqa: DTZ001 - the point
        with pytest.raises(ValueError, match="aware"):
            Period(begins_at=datetime(2026, 1, 1), ends_at=NOON)  # noqa: DTZ001 - the point
        with pytest.raises(ValueError, match="ends after"):
            Period(begins_at=LATER, ends_at=NOON)


class TestOccupancy:
    SPANS = (
        StateSpan(agent_id="giulia", state="available", begins_at=at(0), ends_at=at(100)),
        StateSpan(agent_id="giulia", state="offered", begins_at=at(100), ends_at=at(110)),
        StateSpan(agent_id="giulia", state="on_call", begins_at=at(110), ends_at=at(410)),
        StateSpan(agent_id="giulia", state="wrap_up", begins_at=at(410), ends_at=at(440)),
        StateSpan(agent_id="giulia", state="away", begins_at=at(440), ends_at=at(1000)),
        StateSpan(agent_id="luca", state="missed", begins_at=at(0), ends_at=at(1000)),
    )

    def test_is_busy_time_of_time_on_duty(self) -> None:
        given = total(counted(ASKED, Records(spans=self.SPANS)))
        assert figure("occupancy", given) == pytest.approx(330 / 440)

    def test_who_was_not_on_duty_has_none(self) -> None:
        groups = counted(replace(ASKED, by=GroupBy.AGENT), Records(spans=self.SPANS))
        assert figure("occupancy", groups["luca"]) is None

    @pytest.mark.parametrize("by", [GroupBy.QUEUE, GroupBy.SKILL, GroupBy.INTENT])
    def test_an_agent_on_two_skills_is_not_divided_between_them(self, by: GroupBy) -> None:
        assert counted(replace(ASKED, by=by), Records(spans=self.SPANS)) == {}

    def test_nor_is_it_told_of_one_queue_alone(self) -> None:
        assert counted(replace(ASKED, queue="orders"), Records(spans=self.SPANS)) == {}


class TestContacts:
    OLD = datetime(2026, 11, 3, 9, tzinfo=UTC)
    MONTH = Question(period=days_of(date(2026, 11, 1), date(2026, 11, 23), ROME), zone=ROME, now=LATER)

    def _counts(self, *contacts: tuple[float, str, str]) -> Counts:
        given = tuple(
            Contact(
                customer_id="K1",
                at=self.OLD + timedelta(days=days),
                reason=reason,
                outcome=outcome,
                call_id=f"CA{number}",
            )
            for number, (days, reason, outcome) in enumerate(contacts)
        )
        return total(counted(self.MONTH, Records(contacts=given)))

    def test_a_contact_that_nobody_repeats_is_solved_at_first(self) -> None:
        assert figure("first_contact_resolution", self._counts((0, "return", "solved"))) == Share(part=1, whole=1)

    def test_a_return_within_seven_days_is_a_repeat_and_unsolves_the_first(self) -> None:
        given = self._counts((0, "return", "solved"), (7, "return", "solved"))
        assert figure("first_contact_resolution", given) == Share(part=0, whole=1)
        assert figure("repeats", given) == Share(part=1, whole=2)

    def test_after_seven_days_or_for_another_reason_it_is_another_matter(self) -> None:
        given = self._counts((0, "return", ""), (7.01, "return", ""), (8, "order_status", ""))
        assert figure("first_contact_resolution", given) == Share(part=3, whole=3)
        assert figure("repeats", given) == Share(part=0, whole=3)

    def test_what_the_agent_marks_as_unsolved_is_unsolved(self) -> None:
        assert figure("first_contact_resolution", self._counts((0, "return", "to_follow_up"))) == Share(part=0, whole=1)

    def test_a_contact_of_this_week_says_nothing_yet_of_its_solution(self) -> None:
        given = self._counts((18, "return", "solved"))
        assert figure("first_contact_resolution", given) is None
        assert figure("repeats", given) == Share(part=0, whole=1)

    def test_an_unknown_reason_repeats_nothing(self) -> None:
        given = self._counts((0, "", "solved"), (1, "", "solved"))
        assert (given.contacts, figure("repeats", given)) == (0, None)

    def test_another_channel_s_return_counts_but_is_not_reported_itself(self) -> None:
        first = Contact(customer_id="K1", at=self.OLD, reason="return", call_id="CA1")
        mail = Contact(customer_id="K1", at=self.OLD + timedelta(days=2), reason="return")
        given = total(counted(self.MONTH, Records(contacts=(first, mail))))
        assert figure("first_contact_resolution", given) == Share(part=0, whole=1)
        assert given.contacts == 1

    def test_effort_is_a_mean_with_its_number_of_answers(self) -> None:
        efforts = (Effort(call_id="CA1", at=self.OLD, score=2), Effort(call_id="CA2", at=self.OLD, score=5))
        given = total(counted(self.MONTH, Records(efforts=efforts)))
        assert (figure("effort", given), figure("effort_answers", given)) == (3.5, 2)

    def test_a_score_belongs_to_the_agent_who_talked_last(self) -> None:
        stays = (answered(1, call="CA"), answered(2, came=150, call="CA", transferred=True, agent_id="luca"))
        efforts = (Effort(call_id="CA", at=NOON, score=3),)
        groups = counted(replace(ASKED, by=GroupBy.AGENT), Records(stays=stays, efforts=efforts))
        assert (groups["giulia"].efforts, groups["luca"].efforts) == (0, 1)


class TestIntervals:
    def test_wilson_as_published(self) -> None:
        # Newcombe 1998, table I, method 3: 81/263 and 0/20.
        assert (round(wilson(81, 263).low, 4), round(wilson(81, 263).high, 4)) == (0.2553, 0.3662)
        assert (wilson(0, 20).low, round(wilson(0, 20).high, 4)) == (0.0, 0.1611)

    @given(st.integers(1, 500).flatmap(lambda whole: st.tuples(st.integers(0, whole), st.just(whole))))
    def test_the_share_lies_within(self, counts: tuple[int, int]) -> None:
        part, whole = counts
        interval = wilson(part, whole)
        assert 0 <= interval.low <= part / whole <= interval.high <= 1

    def test_no_share_of_nothing(self) -> None:
        for part, whole in ((0, 0), (3, 2), (-1, 2)):
            with pytest.raises(ValueError, match="no share"):
                wilson(part, whole)


class TestPercentiles:
    @pytest.mark.parametrize(("share", "seconds"), [(0.5, 3), (0.9, 9), (1.0, 10), (0.01, 1)])
    def test_nearest_rank(self, share: float, seconds: int) -> None:
        assert percentile({1: 1, 2: 1, 3: 5, 9: 2, 10: 1}, share) == seconds

    def test_none_of_nothing(self) -> None:
        assert percentile({}, 0.5) is None


class TestProperties:
    RECORDS = week(days=8, calls_an_hour=3)
    PERIOD = days_of(date(2026, 11, 16), date(2026, 11, 22), ROME)
    WHOLE = total(counted(Question(period=PERIOD, zone=ROME, now=at(-36 * 3600)), RECORDS))

    @given(
        by=st.sampled_from(GroupBy), queue=st.sampled_from(("", *QUEUES)), agent=st.sampled_from(("", *AGENTS)),
        minutes=st.integers(0, 7 * 24 * 60),
    )  # fmt: skip
    @settings(max_examples=15, deadline=None)
    def test_groups_add_up_to_the_whole(self, by: GroupBy, queue: str, agent: str, minutes: int) -> None:
        now = self.PERIOD.begins_at + timedelta(minutes=minutes)
        question = Question(period=self.PERIOD, zone=ROME, now=now, by=by, queue=queue, agent_id=agent)
        groups = total(counted(question, self.RECORDS))
        whole = total(counted(replace(question, by=GroupBy.ALL), self.RECORDS))
        if question.of_calls_only:
            whole = replace(whole, in_state_us={})
        assert groups == whole

    @given(st.integers(0, 600), st.integers(0, 600), st.sampled_from(ShortAbandons))
    def test_a_longer_threshold_never_lowers_the_service_level(
        self, one: int, other: int, choice: ShortAbandons
    ) -> None:
        given = self.WHOLE
        levels = [
            plain(figure("service_level", given, Terms(service_seconds=limit, short_abandons=choice)))
            for limit in sorted((one, other))
        ]
        assert levels[0] is not None
        assert levels[1] is not None
        assert levels[0] <= levels[1]

    def test_shares_are_shares(self) -> None:
        for by in GroupBy:
            question = Question(period=self.PERIOD, zone=ROME, now=self.PERIOD.ends_at, by=by)
            for group in counted(question, self.RECORDS).values():
                for one in FIGURES.values():
                    value = plain(one.of(group, TERMS, by))
                    assert value is None or (0 <= value <= 1 if one.unit is Unit.SHARE else value >= 0), one.code


def test_every_figure_says_in_both_languages_what_it_is() -> None:
    for code, one in FIGURES.items():
        assert code == one.code
        for words in (one.names, one.definitions, one.undefined):
            assert set(words) == {"it", "en"}
            assert all(words.values())


def test_the_paper_says_what_the_figures_say() -> None:
    paper = (Path(__file__).parents[3] / "docs" / "reports.md").read_text(encoding="utf-8")
    assert definitions() in paper, "run `centralino reports --definitions --markdown` and put it into docs/reports.md"
