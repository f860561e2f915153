from __future__ import annotations

import time
import uuid

import pytest
import requests
from nls_client import NlsClient

from firstword.gateway.faults import Fault
from firstword.gateway.tokens import sign

OFFICIAL = {  # from Aliyun's documentation of the signature
    "AccessKeyId": "my_access_key_id",
    "Action": "CreateToken",
    "Format": "JSON",
    "RegionId": "cn-shanghai",
    "SignatureMethod": "HMAC-SHA1",
    "SignatureNonce": "b924c8c3-6d03-4c5d-ad36-d984d3116788",
    "SignatureVersion": "1.0",
    "Timestamp": "2019-04-18T08:32:31Z",
    "Version": "2019-02-28",
}


def parameters(gateway, method, secret="", **changes):
    made = OFFICIAL | {
        "AccessKeyId": gateway.access_key_id,
        "SignatureNonce": str(uuid.uuid4()),
        "SignatureType": "",
        "Timestamp": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
    } | changes  # fmt: skip
    return made | {"Signature": sign(method, made, secret or gateway.access_key_secret)}


def test_the_signature_is_that_of_the_official_example():
    assert sign("GET", OFFICIAL, "my_access_key_secret") == "hHq4yNsPitlfDJ2L0nQPdugdEzM="


@pytest.mark.parametrize("way", ["GET query", "POST query", "POST body"])
def test_a_signed_request_gets_a_token_that_opens_a_connection(gateway, way):
    method, _, place = way.partition(" ")
    sent = parameters(gateway, method)
    where = {"params": sent} if place == "query" else {"data": sent}
    with requests.request(method, gateway.token_url, timeout=5, **where) as response:
        body = response.json()
    assert response.status_code == 200
    assert set(body) == {"NlsRequestId", "RequestId", "Token"}
    assert body["Token"]["ExpireTime"] == pytest.approx(time.time() + gateway.options.token_lifetime_s, abs=5)
    with NlsClient(gateway, token=body["Token"]["Id"]) as client:
        assert client.speak("好。").names[-1] == "SynthesisCompleted"


def test_a_signature_made_for_post_is_not_good_for_get(gateway):
    with requests.get(gateway.token_url, params=parameters(gateway, "POST"), timeout=5) as response:
        assert (response.status_code, response.json()["Code"]) == (400, "SignatureDoesNotMatch")


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"secret": "wrong"}, 400, "SignatureDoesNotMatch"),
        ({"AccessKeyId": "stranger"}, 404, "InvalidAccessKeyId.NotFound"),
        ({"Timestamp": "2019-04-18T08:32:31Z"}, 400, "InvalidTimeStamp.Expired"),
        ({"Timestamp": "yesterday"}, 400, "InvalidTimeStamp.Format"),
        ({"Action": "DeleteToken"}, 404, "InvalidAction.NotFound"),
        ({"SignatureMethod": "HMAC-MD5"}, 400, "InvalidSignatureMethod"),
        ({"SignatureNonce": ""}, 400, "MissingSignatureNonce"),
    ],
)
def test_a_request_that_is_not_in_order_is_refused_by_name(gateway, change, status, code):
    with requests.get(gateway.token_url, params=parameters(gateway, "GET", **change), timeout=5) as response:
        assert (response.status_code, response.json()["Code"]) == (status, code)
        assert gateway.access_key_secret not in response.text


def test_a_nonce_is_good_once(gateway):
    sent = parameters(gateway, "GET")
    codes = []
    for _ in range(2):
        with requests.get(gateway.token_url, params=sent, timeout=5) as response:
            codes.append(response.json().get("Code", "token"))
    assert codes == ["token", "SignatureNonceUsed"]


def test_a_newer_token_does_not_end_an_older_one(gateway):
    older = gateway.token()
    gateway.token()
    with NlsClient(gateway, token=older):
        pass


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        (Fault("status", 503), 503),
        (Fault("failed"), "No permission!"),
        (Fault("malformed"), ValueError),
        (Fault("refused"), OSError),
    ],
)
def test_the_token_service_goes_wrong_on_purpose(gateway, fault, expected):
    with gateway.faults.set("token", fault):
        try:
            with requests.get(gateway.token_url, params=parameters(gateway, "GET"), timeout=5) as response:
                if isinstance(expected, int):
                    assert response.status_code == expected
                else:
                    assert response.json()["ErrMsg"] == expected
        except (ValueError, OSError) as error:
            assert isinstance(expected, type), error
            assert isinstance(error, expected)
    with requests.get(gateway.token_url, params=parameters(gateway, "GET"), timeout=5) as response:
        assert "Token" in response.json()
