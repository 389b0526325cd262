"""Pages as they leave the server: who may see them, what they say, under which policy."""

from __future__ import annotations

import json
import re

import pytest

from tests.dashboard.conftest import Site

EVERYBODY = (
    "/",
    "/watchlist",
    "/registry",
    "/launches",
    "/models",
    "/monitoring",
    "/alerts",
    "/account",
    "/search",
    "/cases",
    "/compare",
    "/sky",
    "/returns",
    "/registry/surveyor-2-centaur",
)
ANALYSTS = ("/workbench",)
ADMINS = tuple(
    f"/administration/{part}" for part in ("users", "keys", "sessions", "audit", "jobs", "webhooks", "usage")
)
OPERATORS = tuple(f"/administration/{part}" for part in ("tenants", "backups", "configuration"))


@pytest.mark.parametrize("path", [*EVERYBODY, *ANALYSTS, *ADMINS, *OPERATORS, "/objects/99942", "/rank/1"])
def test_without_log_in_a_page_leads_to_the_log_in_and_back(site: Site, path: str) -> None:
    reply = site.get(f"{path}?sort=rank")
    assert reply.status_code == 303
    assert reply.headers["location"].startswith("/login?next=%2F")
    assert reply.headers["location"].endswith("%3Fsort%3Drank")


@pytest.mark.parametrize("role", ["viewer", "analyst", "admin", "operator"])
def test_each_role_sees_its_pages_and_no_others(site: Site, role: str) -> None:
    level = ("viewer", "analyst", "admin", "operator").index(role)
    for least, paths in enumerate((EVERYBODY, ANALYSTS, ADMINS, OPERATORS)):
        for path in paths:
            reply = site.get(path, role)
            assert reply.status_code == (200 if level >= least else 403), path
            assert reply.headers["content-type"].startswith("text/html")
    navigation = site.get("/", role).text
    assert ('href="/workbench"' in navigation) == (level >= 1)
    assert ('href="/administration"' in navigation) == (level >= 2)


@pytest.mark.parametrize("path", ["/login", "/", "/objects/99942", "/no-object/", "/objects/no-such-object"])
def test_pages_forbid_every_script_and_style_that_is_not_a_file_of_the_site(site: Site, path: str) -> None:
    reply = site.get(path, "viewer") if path != "/login" else site.get(path)
    policy = reply.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'")
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    html = reply.text
    scripts = re.findall(r"<script([^>]*)>", html)
    assert all("src=" in script or "application/json" in script for script in scripts)
    assert not re.search(r"<[^>]+\s(on\w+|style)=", html)


@pytest.mark.parametrize(
    "target", ["https://elsewhere.example", "//elsewhere.example", "/\\elsewhere.example", "x"]
)
def test_the_log_in_leads_nowhere_but_to_this_site(site: Site, target: str) -> None:
    assert 'data-next="/"' in site.get("/login?next=" + target).text
    assert site.get("/login?next=" + target, "viewer").headers["location"] == "/"


def test_an_unknown_path_is_a_page_for_people_and_json_for_programs(site: Site) -> None:
    for role in (None, "viewer"):
        page = site.get("/no/such/page", role, accept="text/html")
        assert page.status_code == 404
        assert "<h1>Not found</h1>" in page.text
        told = site.get("/no/such/page", role, accept="application/json")
        assert (told.status_code, told.json()["error"]) == (404, "not_found")
    assert site.get("/api/v1/no-such-route", "viewer", accept="text/html").json()["error"] == "not_found"
    assert site.get("/api/v1/analysis/assess", "viewer", accept="text/html").status_code == 405


def test_the_app_is_described_and_its_worker_may_fetch_from_this_site_alone(site: Site) -> None:
    manifest = site.get("/manifest.webmanifest").json()
    assert manifest["start_url"] == "/"
    for icon in manifest["icons"]:
        assert site.get(icon["src"]).content.startswith(b"\x89PNG")
    worker = site.get("/sw.js")
    if worker.status_code == 200:
        assert "connect-src 'self'" in worker.headers["content-security-policy"]
    else:
        assert worker.status_code == 404, "the assets are not built"
    assert "example.org" not in site.get("/offline", "viewer").text, "kept for everybody, so nobody's"


def test_an_unknown_object_is_a_page_that_says_so(site: Site) -> None:
    reply = site.get("/objects/1999 ZZ999", "viewer")
    assert reply.status_code == 404
    assert "No object of the catalogue is called" in reply.text
    assert "<h1>Not found</h1>" in reply.text


def test_names_are_written_as_text_not_as_html(site: Site) -> None:
    reply = site.get("/search?q=<script>alert(1)</script>", "viewer")
    assert "<script>alert" not in reply.text
    assert "&lt;script&gt;alert" in reply.text


def test_a_new_password_comes_before_every_page(site: Site) -> None:
    for path in ("/", "/watchlist", "/objects/99942"):
        reply = site.get(path, "newcomer")
        assert (reply.status_code, reply.headers["location"]) == (303, "/account")
    assert "choose a new password" in site.get("/account", "newcomer").text


def test_before_the_first_screen_the_overview_says_what_to_do(fresh_site: Site) -> None:
    assert "Take in and screen the catalogue" in fresh_site.get("/", "operator").text
    viewer = fresh_site.get("/", "viewer").text
    assert "no catalogue has been screened yet" in viewer
    assert "<form data-api=" not in viewer
    assert "No catalogue has been screened yet" in fresh_site.get("/watchlist", "viewer").text
    assert fresh_site.get("/dashboard/points", "viewer").status_code == 404


def test_the_object_page_shows_the_numbers_of_the_api(site: Site) -> None:
    answer = site.get("/api/v1/analysis/objects/2006 RH120", "viewer").json()["assessment"]
    html = site.get("/objects/2006 RH120", "viewer").text
    assert answer["verdict"].split("'")[0] in html
    for line in answer["evidence"]:
        row = html.split(f'data-line="{line["line"]}"')[1].split("</li>")[0]
        if line["status"] == "measured":
            assert f"{line['log10_bayes_factor']:+.2f}" in row
        else:
            assert line["status"] in row
    for name in ("a_au", "e", "i_deg"):
        assert f'data-element="{name}">{answer["orbit"][name]}' in html


def test_missing_lines_are_shown_as_missing_with_what_would_decide(site: Site) -> None:
    answer = site.get("/api/v1/analysis/objects/2011 WE", "viewer").json()["assessment"]
    assert answer["missing"]
    html = site.get("/objects/2011 WE", "viewer").text
    for item in answer["missing"]:
        row = html.split(f'data-line="{item["line"]}"')[1].split("</li>")[0]
        assert "What would decide:" in row


def test_the_watch_list_follows_its_address(site: Site) -> None:
    listed = site.get("/watchlist?class=insufficient_data&i_max=1&sort=i_deg", "viewer").text
    rows = re.findall(r'<td class="n">\d+</td>\s*<td><a href="/objects/([^"]+)"', listed)
    asked = site.get(
        "/api/v1/analysis/watchlist?class=insufficient_data&i_deg__le=1&sort=i_deg&limit=50", "viewer"
    ).json()
    assert [row.replace("%20", " ") for row in rows] == [item["designation"] for item in asked["items"]]
    assert f"{asked['total']:,} objects fit the filters" in listed


def test_the_watch_list_continues_where_it_ended(site: Site) -> None:
    first = site.get("/watchlist", "viewer").text
    more = re.search(r'hx-get="([^"]+)"', first)
    assert more is not None
    rest = site.get(more[1].replace("&amp;", "&"), "viewer", **{"hx-request": "true"}).text
    ranks = [int(rank) for rank in re.findall(r'<tr[^>]*>\s*<td class="n">(\d+)</td>', first + rest)]
    assert ranks == list(range(1, 101))
    assert "<html" not in rest


def test_a_filter_that_is_no_number_is_told(site: Site) -> None:
    reply = site.get("/watchlist?p_min=much", "viewer")
    assert reply.status_code == 422
    assert "probability_artificial" in reply.text


def test_a_rank_leads_to_its_object(site: Site) -> None:
    first = site.get("/api/v1/analysis/watchlist?limit=1", "viewer").json()["items"][0]["designation"]
    assert site.get("/rank/1", "viewer").headers["location"] == f"/objects/{first.replace(' ', '%20')}"
    assert site.get("/rank/99999999", "viewer").status_code == 404


def test_search_goes_straight_to_a_single_object(site: Site) -> None:
    assert site.get("/search?q=2006 RH120", "viewer").headers["location"] == "/objects/2006%20RH120"
    assert "begins with" in site.get("/search?q=zzzz", "viewer").text


def test_data_in_a_page_cannot_end_their_element(site: Site) -> None:
    html = site.get("/", "viewer").text
    block = html.split('id="flagged">')[1].split("</script>")[0]
    assert "<" not in block
    assert {"designation", "v_encounter_kms", "i_deg"} <= set(json.loads(block)[0])
