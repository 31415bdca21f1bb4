"""Connections and API destinations, with a server on this machine that is called."""

import base64
import contextlib
import json
import queue
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from harness import case, check, equal, fails, scenario
from events import bus_of


@contextlib.contextmanager
def receiver():
    """A server that gives tokens at /token, refuses the first it gave, and keeps all else that it is asked."""
    got, tokens = queue.Queue(), []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
            status, answer = 200, b""
            if self.path == "/token":
                tokens.append(body)
                answer = json.dumps({"access_token": f"t{len(tokens)}", "expires_in": 3600}).encode()
            elif self.headers["Authorization"] == "Bearer t1":
                status = 401
            else:
                got.put((self.path, self.headers, body))
            self.send_response(status)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", got, tokens
    finally:
        server.shutdown()
        server.server_close()


def connect(t, kind, **parameters):
    name = t.name("connection")
    made = t.events.create_connection(Name=name, AuthorizationType=kind, AuthParameters=parameters)
    return name, made["ConnectionArn"], made["ConnectionState"]


BASIC = {"BasicAuthParameters": {"Username": "u", "Password": "p"}}


@scenario("events-connection")
def connections(t):
    secret = {"HeaderParameters": [{"Key": "X-Open", "Value": "o", "IsValueSecret": False}, {"Key": "X-Shut", "Value": "s", "IsValueSecret": True}]}
    name, arn, state = connect(t, "API_KEY", ApiKeyAuthParameters={"ApiKeyName": "X-Key", "ApiKeyValue": "v"}, InvocationHttpParameters=secret)
    equal(state, "AUTHORIZED", "ConnectionState")
    check(arn.startswith(f"arn:aws:events:{t.region}:{t.account}:connection/{name}/"), f"ConnectionArn {arn}")
    got = t.events.describe_connection(Name=name)
    equal((got["ConnectionArn"], got["AuthorizationType"]), (arn, "API_KEY"), "DescribeConnection")
    equal(got["AuthParameters"]["ApiKeyAuthParameters"], {"ApiKeyName": "X-Key"}, "what is shown of an API key")
    shown = {h["Key"]: h.get("Value") for h in got["AuthParameters"]["InvocationHttpParameters"]["HeaderParameters"]}
    equal(shown, {"X-Open": "o", "X-Shut": None}, "what is shown of parameters")
    check(":secretsmanager:" in got["SecretArn"], f"SecretArn {got['SecretArn']}")
    with fails("ResourceAlreadyExistsException"):
        t.events.create_connection(Name=name, AuthorizationType="BASIC", AuthParameters=BASIC)
    with fails("ValidationException"):
        t.events.create_connection(Name=name + "x", AuthorizationType="BASIC", AuthParameters={})
    t.events.update_connection(Name=name, AuthorizationType="BASIC", AuthParameters=BASIC)
    equal(t.events.describe_connection(Name=name)["AuthParameters"]["BasicAuthParameters"], {"Username": "u"}, "after UpdateConnection")
    equal([c["Name"] for c in t.events.list_connections(NamePrefix=name)["Connections"]], [name], "ListConnections")
    check(t.events.deauthorize_connection(Name=name)["ConnectionState"] in ("DEAUTHORIZING", "DEAUTHORIZED"), "DeauthorizeConnection")
    t.events.delete_connection(Name=name)
    for call in (t.events.describe_connection, t.events.delete_connection, t.events.deauthorize_connection, t.events.update_connection):
        with fails("ResourceNotFoundException"):
            call(Name=name)


@scenario("events-api-destination")
def destinations(t):
    _, with_, _ = connect(t, "BASIC", **BASIC)
    name = t.name("destination")
    made = t.events.create_api_destination(Name=name, ConnectionArn=with_, InvocationEndpoint="https://example.com/*", HttpMethod="POST")
    arn = made["ApiDestinationArn"]
    equal(made["ApiDestinationState"], "ACTIVE", "ApiDestinationState")
    check(arn.startswith(f"arn:aws:events:{t.region}:{t.account}:api-destination/{name}/"), f"ApiDestinationArn {arn}")
    t.events.update_api_destination(Name=name, InvocationRateLimitPerSecond=5)
    got = t.events.describe_api_destination(Name=name)
    equal((got["ApiDestinationArn"], got["ConnectionArn"], got["InvocationEndpoint"], got["HttpMethod"], got["InvocationRateLimitPerSecond"]),
          (arn, with_, "https://example.com/*", "POST", 5), "DescribeApiDestination")
    equal([d["Name"] for d in t.events.list_api_destinations(ConnectionArn=with_)["ApiDestinations"]], [name], "ListApiDestinations")
    with fails("ResourceAlreadyExistsException"):
        t.events.create_api_destination(Name=name, ConnectionArn=with_, InvocationEndpoint="https://example.com/", HttpMethod="POST")
    with fails("ResourceNotFoundException"):
        t.events.create_api_destination(Name=name + "x", ConnectionArn=with_[:-3] + "000", InvocationEndpoint="https://example.com/", HttpMethod="POST")
    with case("a metadata address"), fails("ValidationException"):
        t.events.update_api_destination(Name=name, InvocationEndpoint="https://169.254.169.254/")
    t.events.delete_api_destination(Name=name)
    for call in (t.events.describe_api_destination, t.events.delete_api_destination):
        with fails("ResourceNotFoundException"):
            call(Name=name)


@scenario("events-api-destination-call")
def calls(t):
    bus = bus_of(t)
    with receiver() as (url, got, tokens):
        oauth = {"ClientParameters": {"ClientID": "id", "ClientSecret": "shh"}, "AuthorizationEndpoint": url + "/token", "HttpMethod": "POST"}
        for kind, parameters in (("BASIC", BASIC), ("OAUTH_CLIENT_CREDENTIALS", {"OAuthParameters": oauth})):
            _, with_, state = connect(t, kind, **parameters)
            equal(state, "AUTHORIZED", f"ConnectionState of {kind}")
            arn = t.events.create_api_destination(Name=t.name("destination"), ConnectionArn=with_, InvocationEndpoint=url + "/in/*",
                                                  HttpMethod="POST")["ApiDestinationArn"]
            rule = t.name("rule")
            t.events.put_rule(Name=rule, EventBusName=bus, EventPattern=json.dumps({"source": [kind]}))
            target = {"Id": "call", "Arn": arn, "RoleArn": f"arn:aws:iam::{t.account}:role/call", "HttpParameters": {
                "PathParameterValues": ["$.detail.id"], "HeaderParameters": {"X-A": "a"}, "QueryStringParameters": {"q": "1 2"}}}
            equal(t.events.put_targets(Rule=rule, EventBusName=bus, Targets=[target])["FailedEntryCount"], 0, "FailedEntryCount")
            equal(t.events.list_targets_by_rule(Rule=rule, EventBusName=bus)["Targets"], [target], "ListTargetsByRule")
            sent = t.events.put_events(Entries=[{"Source": kind, "DetailType": "d", "Detail": '{"id": "a/b"}', "EventBusName": bus}])
            path, headers, body = got.get(timeout=20)
            equal(path, "/in/a%2Fb?q=1+2", "the address")
            equal(json.loads(body)["id"], sent["Entries"][0]["EventId"], "the body")
            equal((headers["X-A"], headers["User-Agent"], headers["Content-Type"]),
                  ("a", "Amazon/EventBridge/ApiDestinations", "application/json; charset=utf-8"), "headers")
            want = "Basic " + base64.b64encode(b"u:p").decode() if kind == "BASIC" else "Bearer t2"
            equal(headers["Authorization"], want, f"Authorization of {kind}")
        equal(len(tokens), 2, "token requests: at first, and after a refusal")
