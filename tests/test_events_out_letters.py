"""Dead letters: events that a webhook would not take are kept, sent again when asked, and leave with their people."""

import os
import subprocess
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bestiary import rights
from bestiary.events_out import resend
from bestiary.ids import Secret
from bestiary.lake.rekey import Keys
from bestiary.publish import webhook_letters as letters
from bestiary.publish.audience_rekey import rekey_letters
from bestiary.publish.audience_rights import forget, forget_before
from bestiary.publish.webhook import endpoint_of, secrets_of
from command import PROGRAM
from dashboard_shop import SMALL, copy
from months import MAY
from rights_shop import KEY, OTHER_KEY
from traces import traces
from webhook_receiver import Receiver, impatient, receiving
from webhook_shop import PUBLISHED, dead, ids, send


@pytest.fixture
def shop(store: Path, tmp_path: Path) -> Path:
    return copy(store, tmp_path)


@pytest.mark.parametrize("status", [400, 401, 404, 413, 301, 304])
def test_what_will_not_pass_is_not_tried_again_and_kept(shop: Path, status: int) -> None:
    wanted = ids(shop)
    with receiving(204, status, 204) as receiver:
        sent = send(shop, receiver, batch=30)
        assert (sent.delivered, sent.given_up, sent.waiting) == (len(wanted) - 30, 30, 0)
        assert receiver.taken == wanted[:30] + wanted[60:]
        assert dead(shop, receiver) == wanted[30:60]
        assert sent.letters == letters.letters_of(shop, receiver.webhook().endpoint)
        assert str(status) in sent.why
        send(shop, receiver)
        assert len(receiver.taken) == len(wanted) - 30  # the letters are not sent again by themselves


def test_dead_letters_are_sent_again_and_leave_when_delivered(shop: Path) -> None:
    wanted = ids(shop)
    with receiving(404, 404, 204) as receiver:
        send(shop, receiver, batch=20)
        assert dead(shop, receiver) == wanted[:40]
        receiver.script, receiver.requests[:] = (204, 500), []
        patience = impatient(attempts=2)
        sent = resend(shop, receiver.webhook(), batch=15, patience=patience)
        assert (sent.delivered, sent.given_up, sent.waiting) == (15, 25, 0)
        assert dead(shop, receiver) == wanted[15:40]
        receiver.script, receiver.requests[:] = (204,), []
        assert resend(shop, receiver.webhook(), batch=15, patience=patience).delivered == 25
        assert receiver.taken == wanted[15:40]
        assert not letters.letters_of(shop, receiver.webhook().endpoint).exists()
        assert resend(shop, receiver.webhook(), patience=patience).delivered == 0


def test_a_letter_that_was_cut_off_is_passed_over(shop: Path) -> None:
    with receiving(404, 204) as receiver:
        send(shop, receiver, batch=20)
        path = letters.letters_of(shop, receiver.webhook().endpoint)
        path.write_bytes(path.read_bytes()[:-40])
        wanted = ids(shop)[:19]
        assert dead(shop, receiver) == wanted
        letters.add_letters(shop, receiver.webhook().endpoint, [{"id": "x"}, {"id": "x"}], "why")
        assert dead(shop, receiver) == [*wanted, "x"]


def test_people_and_old_runs_are_taken_out_of_dead_letters(shop: Path) -> None:
    with receiving(404) as receiver:
        send(shop, receiver, batch=20)
        path = letters.letters_of(shop, receiver.webhook().endpoint)
        kept = list(letters.read_letters(path))
        user = kept[5].event["subject"]
        found = forget(shop, dict.fromkeys([int(user), -1]))
        assert found.letters == sum(letter.event["subject"] == user for letter in kept) > 0
        assert user not in path.read_text()
        assert list(letters.read_letters(path)) == [one for one in kept if one.event["subject"] != user]
        assert forget_before(shop, MAY).letters == 0
        assert forget_before(shop, MAY + timedelta(days=1)).letters == len(kept) - found.letters
        assert not path.exists()


def test_a_person_is_told_their_dead_letters_of_every_webhook(shop: Path) -> None:
    with receiving(404) as one, receiving(503) as other:
        send(shop, one, batch=20)
        send(shop, other, batch=5)
        given_up = [(status, event) for at, status in ((one, "404"), (other, "503")) for event in events_of(at)]
    user = other.requests[0].events[2]["subject"]
    wanted = [(status, event) for status, event in given_up if event["subject"] == user]
    assert {status for status, _ in wanted} == {"404", "503"}
    told = letters.letters_about(shop, int(user))
    assert told == letters.letters_about(shop, user)
    assert sorted((letter.why[:3], letter.event["id"]) for letter in told) == sorted((s, e["id"]) for s, e in wanted)
    assert all(letter.event in [event for _, event in wanted] for letter in told)
    assert letters.letters_about(shop, user[:-1]) == letters.letters_about(shop, -1) == []

    shown = rights.export(shop, user, settings=SMALL)["letters"]
    assert shown == [{"at": letter.at, "why": letter.why, "event": letter.event} for letter in told]
    receipt = rights.erase(shop, [user], settings=SMALL)
    assert receipt["removed"]["letters"] == len(wanted)
    assert rights.export(shop, user, settings=SMALL)["letters"] == []


def events_of(receiver: Receiver) -> list[dict[str, Any]]:
    """The events that were sent to a receiver, each once, in order."""
    return list({event["id"]: event for request in receiver.requests for event in request.events}.values())


def test_what_was_cut_off_goes_with_whoever_is_forgotten(shop: Path) -> None:
    with receiving(404) as receiver:
        send(shop, receiver, batch=20)
    path = letters.letters_of(shop, receiver.webhook().endpoint)
    whole = path.read_bytes()
    there = list(letters.read_letters(path))
    people = [letter.event["subject"] for letter in there]
    place = max(people.index(one) for one in people)  # of a letter about somebody whom none before tells of
    cut, subject, before = people[place], f'"subject":"{people[place]}"', there[:place]
    assert letters.forget_letters(shop, dict.fromkeys([-1])) == 0
    assert path.read_bytes() == whole

    end = whole.index(subject.encode()) + len(subject)
    others = [letter for letter in before if letter.event["subject"] != people[0]]
    for gone, left in ((int(cut), before), (-1, before), (people[0], others)):
        path.write_bytes(whole[:end])
        assert subject in path.read_text()
        assert letters.letters_about(shop, cut) == []
        assert letters.forget_letters(shop, dict.fromkeys([gone])) == len(before) - len(left)
        assert cut not in path.read_text()
        assert list(letters.read_letters(path)) == left

    path.write_bytes(whole[whole.rindex(b"\n", 0, end) + 1 : end])  # nothing else is in the file
    assert letters.forget_letters(shop, dict.fromkeys([-1])) == 0
    assert not path.exists()


def test_under_another_key_letters_get_the_new_pseudonyms_and_everything_is_sent_anew(tmp_path: Path) -> None:
    old, new = Secret(KEY.encode()), Secret(OTHER_KEY.encode())
    endpoint, of_nobody = endpoint_of("https://shop.example/a"), endpoint_of("https://shop.example/b")
    store, scratch = tmp_path / "store", tmp_path / "scratch"
    for folder in (store, scratch):
        folder.mkdir()

    def event(number: int, subject: str) -> dict[str, Any]:
        return {"id": f"e{number}", "subject": subject, "data": {"kind": "moved"}}

    subjects = [old.digest("1"), old.digest("7"), new.digest("2"), "1", old.digest("1"), old.digest("2")]
    letters.add_letters(store, endpoint, [event(*one) for one in enumerate(subjects)], "404")
    letters.add_letters(store, endpoint, [{"id": "e6"}], "404")
    letters.add_letters(store, of_nobody, [event(0, old.digest("7"))], "503")
    letters.write_mark(store, endpoint, "a run", letters.Mark(model="m", position="p", delivered=5))
    path = letters.letters_of(store, endpoint)
    before = {letter.event["id"]: letter for letter in letters.read_letters(path)}
    with path.open("a") as file:
        file.write(f'{{"at":"","why":"","event":{{"id":"e7","subject":"{old.digest("1")}"')

    keys = Keys.of(["1", "2", "3"], old, new, scratch, SMALL.engine_bytes)
    brought = {"e0": new.digest("1"), "e2": new.digest("2"), "e4": new.digest("1"), "e5": new.digest("2")}
    for _ in range(2):  # a second time, as after a kill, changes nothing
        rekey_letters(store, keys)
        found = list(letters.read_letters(path))
        assert {letter.event["id"]: letter.event["subject"] for letter in found} == brought
        assert [letter.event for letter in found] == [event(int(name[1:]), brought[name]) for name in brought]
        assert all((letter.at, letter.why) == (before[letter.event["id"]].at, "404") for letter in found)
        assert traces(store, [old.digest(one) for one in "1237"]) == {}
        assert not letters.letters_of(store, of_nobody).exists()
        assert not (store / "deliveries").exists()
        assert letters.read_deliveries(store, endpoint).marks == {}


def test_the_command_sends_goes_on_and_sends_dead_letters_again(shop: Path) -> None:
    def run(*options: str) -> "subprocess.CompletedProcess[str]":
        command = [PROGRAM, "events", "--store", str(shop), "--webhook", receiver.url, *options]
        environment = os.environ | {"BESTIARY_WEBHOOK_SECRET": PUBLISHED}
        return subprocess.run(command, capture_output=True, text=True, check=False, env=environment)

    wanted = ids(shop)
    with receiving(204, 404, 204) as receiver:
        first = run("--batch", "30")
        assert first.returncode == 1
        assert f": {len(wanted) - 30:,} events as of 2020-05-01 delivered." in " ".join(first.stdout.split())
        assert "Warning: 30 events were given up (404 Not Found, after 1 attempt)" in first.stderr
        assert "--retry-dead" in first.stderr
        second = run("--batch", "30")  # what never came there is not told as delivered, nor as done
        assert second.returncode == 1
        assert "30 events that were given up before" in " ".join(second.stderr.split())
        assert f"0 events as of 2020-05-01 delivered; {len(wanted) - 30:,} had come" in " ".join(second.stdout.split())
        assert "token" not in first.stdout + first.stderr
        again = run("--retry-dead")
        assert (again.returncode, again.stderr) == (0, "")
        assert "30 dead letters delivered." in again.stdout
        assert sorted(receiver.taken) == sorted(wanted)
        (secret,) = secrets_of(environment={"BESTIARY_WEBHOOK_SECRET": PUBLISHED})
        assert all(request.is_signed(secret) for request in receiver.requests)
        last = run()
        assert (last.returncode, last.stderr) == (0, "")
        assert f"0 events as of 2020-05-01 delivered; {len(wanted):,} had come there before." in " ".join(
            last.stdout.split()
        )
