"""An MSRP client that keeps to less than RFC 4975 and RFC 4976 allow its peers.

It does what clients in use do: of several header fields of one name it keeps the last,
it knows MD5 alone and reads `opaque` from every challenge, its URI has the address and port
of its connection, it takes the first SEND of a session for no more than the binding, and it
sends success REPORTs only to an explicit Failure-Report.

    client.py accept              waits for one connection, and prints its URI
    client.py receive RELAY       the same behind a relay, and prints its path
    client.py send TO [RELAY]     sends the line on standard input, and prints the status

RELAY is a URI, with USER and PASSWORD in the environment; NO_OPAQUE there lets a challenge
do without. Each text that arrives is printed on a line of its own.
"""

import hashlib
import os
import secrets
import socket
import sys


def authority(uri):
    host, port = uri.split("://")[1].split(";")[0].split("/")[0].rsplit(":", 1)
    return host, int(port)


class Frame:
    def __init__(self, start, headers, body):
        _, self.id, self.what = start.split(" ")[:3]
        self.headers, self.body = headers, body


class Link:
    def __init__(self, connection):
        self.connection = connection
        self.input = connection.makefile("rb")
        host, port = connection.getsockname()[:2]
        self.uri = f"msrp://{host}:{port}/{secrets.token_hex(10)};tcp"
        # The whole path by which peers reach this side.
        self.path = self.uri
        # The peer's path, once it has sent something or is known.
        self.peer = None

    def write(self, what, to, sender, headers=(), body=None, id=None):
        id = id or secrets.token_hex(8)
        lines = [f"MSRP {id} {what}", f"To-Path: {to}", f"From-Path: {sender}", *headers]
        content = "" if body is None else f"\r\n{body}\r\n"
        text = "\r\n".join(lines) + f"\r\n{content}-------{id}$\r\n"
        self.connection.sendall(text.encode())
        return id

    def read(self):
        start = self.input.readline().decode().rstrip("\r\n")
        if not start:
            return None
        id, headers, body = start.split(" ")[1], {}, None
        ends = tuple(f"-------{id}{flag}\r\n".encode() for flag in "$+#")
        while not (line := self.input.readline()).startswith(ends):
            if not line:
                raise EOFError("the stream ends within a frame")
            if body is not None:
                body += line
            elif line == b"\r\n":
                body = b""
            else:
                name, value = line.decode().rstrip("\r\n").split(": ", 1)
                headers[name] = value
        return Frame(start, headers, None if body is None else body[:-2])

    def answer_of(self, id):
        while (frame := self.read()) is not None:
            if frame.id == id and frame.what.isdigit():
                return frame
            self.take(frame)
        raise EOFError("no response")

    def take(self, frame):
        """Answers a request; returns the text of a message."""
        if frame.what != "SEND":
            return None
        headers, is_first = frame.headers, self.peer is None
        hop = headers["From-Path"].split(" ")[0]
        self.write("200 OK", hop, self.uri, id=frame.id)
        self.peer = headers["From-Path"]
        if is_first or frame.body is None:
            return None
        if headers.get("Success-Report") == "yes" and headers.get("Failure-Report") == "yes":
            about = [f"{name}: {headers[name]}" for name in ("Message-ID", "Byte-Range")]
            about.append("Status: 000 200 OK")
            self.write("REPORT", self.peer, self.uri, about)
        return frame.body.decode()


def authorization(challenge, uri):
    fields = dict(field.split("=", 1) for field in challenge.split(" ", 1)[1].split(", "))
    fields = {name: value.strip('"') for name, value in fields.items()}
    if fields.get("algorithm", "MD5") != "MD5":
        raise ValueError(f"an algorithm that is not known: {fields['algorithm']}")
    if "NO_OPAQUE" in os.environ:
        fields.setdefault("opaque", "")
    opaque, realm, nonce = fields["opaque"], fields["realm"], fields["nonce"]
    user, password, cnonce = os.environ["USER"], os.environ["PASSWORD"], secrets.token_hex(8)

    def md5(text):
        return hashlib.md5(text.encode()).hexdigest()

    secret, request = md5(f"{user}:{realm}:{password}"), md5(f"AUTH:{uri}")
    response = md5(f"{secret}:{nonce}:00000001:{cnonce}:auth:{request}")
    return (
        f'Digest username="{user}", realm="{realm}", nonce="{nonce}", uri="{uri}", qop=auth, '
        f'nc=00000001, cnonce="{cnonce}", response="{response}", opaque="{opaque}"'
    )


def behind(relay):
    link = Link(socket.create_connection(authority(relay)))
    refused = link.answer_of(link.write("AUTH", relay, link.uri))
    answer = authorization(refused.headers["WWW-Authenticate"], relay)
    id = link.write("AUTH", relay, link.uri, [f"Authorization: {answer}"])
    granted = link.answer_of(id)
    if granted.what != "200":
        raise ValueError(f"the relay answers {granted.what}")
    link.path = f"{granted.headers['Use-Path']} {link.uri}"
    return link


def receive(link):
    while (frame := link.read()) is not None:
        if (text := link.take(frame)) is not None:
            print(text, flush=True)


def accept():
    listener = socket.create_server(("127.0.0.1", 0))
    host, port = listener.getsockname()
    uri = f"msrp://{host}:{port}/{secrets.token_hex(10)};tcp"
    print(uri, flush=True)
    link = Link(listener.accept()[0])
    link.uri = uri
    receive(link)


def send(to, relay=None):
    link = behind(relay) if relay else Link(socket.create_connection(authority(to)))
    use = link.path.rsplit(" ", 1)[0] + " " if relay else ""
    text = sys.stdin.readline().rstrip("\n")
    link.peer = to
    length = len(text.encode())
    about = ["Byte-Range: 1-0/0"], [f"Byte-Range: 1-{length}/{length}", "Content-Type: text/plain"]
    for headers, body in zip(about, (None, text)):
        id = f"Message-ID: {secrets.token_hex(8)}"
        answer = link.answer_of(link.write("SEND", use + to, link.uri, [id, *headers], body))
    print(answer.what, flush=True)


if __name__ == "__main__":
    command, *arguments = sys.argv[1:]
    if command == "receive":
        link = behind(*arguments)
        print(link.path, flush=True)
        receive(link)
    else:
        {"accept": accept, "send": send}[command](*arguments)
