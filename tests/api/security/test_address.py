import pytest

from aneos_api.security.address import bucket_address, client_address, parse_networks

TRUSTED = parse_networks(["10.0.0.0/8", "::1"])


@pytest.mark.parametrize(
    ("peer", "header", "client"),
    [
        (
            "203.0.113.9",
            "198.51.100.1",
            "203.0.113.9",
        ),  # the peer is no proxy of ours: its word counts for nothing
        ("10.0.0.1", "198.51.100.1", "198.51.100.1"),
        (
            "10.0.0.1",
            "6.6.6.6, 198.51.100.1, 10.0.0.2",
            "198.51.100.1",
        ),  # what the client itself wrote is ignored
        ("10.0.0.1", "198.51.100.1, nonsense", "10.0.0.1"),
        ("10.0.0.1", "", "10.0.0.1"),
        ("10.0.0.1", "198.51.100.1:4711", "198.51.100.1"),
        ("::1", "[2001:db8::7]:80", "2001:db8::7"),
        ("10.0.0.1", "10.0.0.3, 10.0.0.2", "10.0.0.3"),
        (None, "198.51.100.1", "unknown"),
        ("unix", "198.51.100.1", "unix"),
    ],
)
def test_the_client_is_the_last_address_that_no_trusted_proxy_has(
    peer: str | None, header: str, client: str
) -> None:
    assert client_address(peer, header, TRUSTED) == client


def test_without_trusted_proxies_the_header_is_ignored() -> None:
    assert client_address("10.0.0.1", "198.51.100.1", ()) == "10.0.0.1"


def test_a_customer_with_a_whole_ipv6_network_has_one_bucket() -> None:
    assert bucket_address("2001:db8:1:2:3:4:5:6") == bucket_address("2001:db8:1:2::9") == "2001:db8:1:2::/64"
    assert bucket_address("::ffff:198.51.100.1") == "198.51.100.1"
    assert bucket_address("198.51.100.1") == "198.51.100.1"
    assert bucket_address("not:an:address") == "not:an:address"


def test_a_bad_network_is_named() -> None:
    with pytest.raises(ValueError, match="banana"):
        parse_networks(["10.0.0.0/8", "banana"])
