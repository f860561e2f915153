from __future__ import annotations

from urllib.parse import parse_qsl, quote, urlsplit

import pytest

from firstword.providers.aliyun.signature import Denial, Grant, canonical, create_token_form, parse_token, signature

from .traces import request, rows


def test_the_documented_vector() -> None:
    parameters = {
        "AccessKeyId": "my_access_key_id",
        "Action": "CreateToken",
        "Version": "2019-02-28",
        "Format": "JSON",
        "RegionId": "cn-shanghai",
        "Timestamp": "2019-04-18T08:32:31Z",
        "SignatureMethod": "HMAC-SHA1",
        "SignatureVersion": "1.0",
        "SignatureNonce": "b924c8c3-6d03-4c5d-ad36-d984d3116788",
    }
    assert signature("GET", parameters, "my_access_key_secret") == "hHq4yNsPitlfDJ2L0nQPdugdEzM="


def test_our_form_has_the_fields_of_the_sdks_query() -> None:
    line, _, body = request("nls_create_token")
    theirs = dict(parse_qsl(urlsplit(line.split()[1]).query, keep_blank_values=True))
    query = create_token_form("FAKEAKID", "secret", nonce=theirs["SignatureNonce"], timestamp=theirs["Timestamp"])
    ours = dict(parse_qsl(query, keep_blank_values=True))
    assert line.startswith("POST /?") and body == ""
    different = {key for key in ours.keys() | theirs.keys() if ours.get(key) != theirs.get(key)}
    # The SDK adds and signs an empty SignatureType, which the documentation does not know; the signature differs by it and by the key.
    assert different == {"SignatureType", "Signature"}


def test_the_sdks_query_is_signed_as_we_sign() -> None:
    verified = next(row for row in rows("nls_create_token") if row["kind"] == "verify")
    line, _, _ = request("nls_create_token")
    theirs = dict(parse_qsl(urlsplit(line.split()[1]).query, keep_blank_values=True))
    sent = theirs.pop("Signature")
    assert sent == verified["signature_on_wire"]
    assert verified["string_to_sign"] == f"POST&%2F&{quote(canonical(theirs), safe='-_.~')}"


def test_odd_characters_are_encoded_by_rfc_3986() -> None:
    query = create_token_form("a b*~/+中", "s", nonce="n", timestamp="t")
    assert "AccessKeyId=a%20b%2A~%2F%2B%E4%B8%AD&" in query


@pytest.mark.parametrize(
    ("body", "answer"),
    [
        ('{"Token": {"ExpireTime": 1527592757, "Id": "124f", "UserId": "1"}}', Grant("124f", 1527592757.0)),
        ('{"Token": {"Id": "124f"}}', Grant("124f", 0.0)),
        ('{"ErrMsg": "No permission!", "ErrCode": 40020503}', Denial("40020503", "No permission!")),
        ('{"Code": "SignatureDoesNotMatch", "Message": "no"}', Denial("SignatureDoesNotMatch", "no")),
        ('{"Token": {}}', Denial("", "its answer holds no token")),
        ('{"Token": {"Id": "x", "ExpireTime": "soon"}}', Denial("", "its answer has an ExpireTime that is no number")),
        ("<html>", Denial("", "its answer is no JSON")),
        ("[]", Denial("", "its answer is no JSON object")),
    ],
)
def test_every_answer_is_a_grant_or_a_denial(body: str, answer: Grant | Denial) -> None:
    assert parse_token(body) == answer


def test_a_grant_does_not_show_its_token() -> None:
    assert "124f" not in repr(Grant("124f", 1.0))
