"""Dead letters: events that a webhook would not take are kept, sent again when asked, and leave with their people."""

import os
import subprocess
from datetime import timedelta
from pathlib import Path

import pytest

from bestiary.events_out import resend
from bestiary.publish import webhook_letters as letters
from bestiary.publish.audience_rights import forget, forget_before
from bestiary.publish.webhook import secrets_of
from command import PROGRAM
from dashboard_shop import copy
from months import MAY
from webhook_receiver import impatient, receiving
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
        found = forget(shop, [int(user), -1])
        assert found.letters == sum(letter.event["subject"] == user for letter in kept) > 0
        assert user not in path.read_text()
        assert list(letters.read_letters(path)) == [one for one in kept if one.event["subject"] != user]
        assert forget_before(shop, MAY).letters == 0
        assert forget_before(shop, MAY + timedelta(days=1)).letters == len(kept) - found.letters
        assert not path.exists()


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
