#!/usr/bin/env python3
"""Writes the messages of this folder and INDEX.tsv, which says by hand what
each is to decode to. Run it in this folder after a change here.

A row of the index is a frame, in the order of the file:

  file  what  id  body  flag  error  tolerated  note

what: method or status code; body: octets, "-" for a frame without one;
error: what the head is refused for. Two other kinds of row end a file: "!" has
the error that ends the stream, "~" what its framing made the decoder tolerate.
"""

import pathlib

HERE = pathlib.Path(__file__).parent
A = "msrp://ada.desk.example:7001/q8Zk2vN1;tcp"
B = "msrp://lin.cove.example:9402/m3Tt9vRe;tcp"
R = "msrps://hub.example.net:2855/r-551;tcp"
S = "msrps://gate.example.org:2855/s=77+1;tcp"
TEXT = "Content-Type: text/plain"
rows, files = [], {}


def octets(text):
    return text if isinstance(text, bytes) else text.encode()


def frame(start, headers, body=None, flag="$", to=B, frm=A, paths=True):
    """One chunk or response; `body` None is none at all."""
    tid = octets(start.split(" ")[1])
    lines = [octets(start)]
    if paths:
        lines += [octets("To-Path: " + to), octets("From-Path: " + frm)]
    lines += [octets(header) for header in headers]
    head = b"\r\n".join(lines) + b"\r\n"
    content = b"" if body is None else b"\r\n" + octets(body) + b"\r\n"
    return head + content + b"-------" + tid + octets(flag) + b"\r\n"


def add(name, data, *told, note=""):
    """`told`: (what, id, body, flag[, error[, tolerated]]) for each frame."""
    files[name] = data
    for row in told:
        row = list(row) + ["-"] * (6 - len(row))
        rows.append([name] + [str(cell) for cell in row] + [note])


def one(name, start, headers, body=None, flag="$", error="-", tolerated="-", note="", **how):
    _, tid, what = start.split(" ")[:3]
    size = "-" if body is None else len(octets(body))
    data = frame(start, headers, body, flag, **how)
    add(name, data, (what, tid, size, flag, error, tolerated), note=note)


def send(name, tid, body, flag="$", mid="Message-ID: m.7741", extra=(), kind=TEXT, **how):
    size = len(octets(body))
    headers = [mid, f"Byte-Range: 1-{size}/{size}", *extra, kind]
    one(name, f"MSRP {tid} SEND", headers, body, flag, **how)


# --- requests ---------------------------------------------------------------
send("send-text", "k7Gd2", "Shall we meet at the boathouse?")
send("send-no-byte-range-octets", "k7Gd3", "x", extra=["Expires: 30"])
one("send-without-byte-range", "MSRP k7Gd4 SEND", ["Message-ID: m.7742", TEXT], "plain")
one("send-range-end-star", "MSRP v0Q1 SEND", ["Message-ID: m.11", "Byte-Range: 1-*/11", TEXT], "eleven octs")
one("send-range-all-star", "MSRP v0Q2 SEND", ["Message-ID: m.1a2", "Byte-Range: 1-*/*", TEXT], "who knows")
one("send-more", "MSRP v0Q3.a SEND", ["Message-ID: mm.2", "Byte-Range: 1-*/12", TEXT], "first ", "+")
one("send-later", "MSRP v0Q3.b SEND", ["Message-ID: mm.2", "Byte-Range: 7-12/12", TEXT], "second")
one("send-aborted", "MSRP v0Q4 SEND", ["Message-ID: mm.3", "Byte-Range: 1-*/900", TEXT], "I had meant to", "#")
one("send-range-largest", "MSRP v0Q5 SEND", ["Message-ID: mm.4", "Byte-Range: 18446744073709551615-*/18446744073709551615", TEXT], "z")
one("send-range-leading-zeros", "MSRP v0Q6 SEND", ["Message-ID: mm.5", "Byte-Range: 001-03/0003", TEXT], "abc")
send("send-reports-asked", "rep-1", "tell me", extra=["Success-Report: yes", "Failure-Report: partial"])
send("send-reports-declined", "rep-2", "tell me not", extra=["Success-Report: no", "Failure-Report: no"])
send("send-letter-case", "rep-3", "shouting", extra=["success-REPORT: YES", "Failure-report: pArTiAl"], note="names and values in any letter case")
send("send-html", "page.1", "<html>\r\n <body>\r\n  <p>Tide tables</p>\r\n </body>\r\n</html>\r\n", kind="Content-Type: text/html", note="the last CRLF of the body is its own")
send("send-utf8", "utf8.1", "Grüße, 世界 ☕", kind="Content-Type: text/plain; charset=utf-8")
send("send-type-parameters", "par.1", "x", kind='Content-Type: multipart/mixed;boundary="a \\"b\\" ;c";x')
cpim = ("From: Ada <im:ada@desk.example>\r\nTo: Lin <im:lin@cove.example>\r\n"
        "DateTime: 2024-03-09T11:20:00+01:00\r\n\r\nContent-Type: text/plain\r\n\r\nThe kettle is on.")
send("send-cpim", "cpim.1", cpim, kind="Content-Type: message/cpim")
one("send-cpim-first-chunk", "MSRP cpim.2a SEND", ["Message-ID: cp.2", f"Byte-Range: 1-*/{len(cpim)}", "Content-Type: message/cpim"], cpim[:90], "+")
one("send-cpim-last-chunk", "MSRP cpim.2b SEND", ["Message-ID: cp.2", f"Byte-Range: 91-{len(cpim)}/{len(cpim)}", "Content-Type: message/cpim"], cpim[90:])
send("send-file", "file.9", bytes(range(256)) * 9, kind="Content-Type: image/png",
     extra=['Content-Disposition: attachment; filename="pier at dusk.png"; size=2304', "Content-ID: <a@b>", "Content-Description: a pier"])
send("send-signed", "smime.1", b"\x30\x82\x00\x0d\x0a\xff\xfe" * 40, kind='Content-Type: application/pkcs7-mime; smime-type=signed-data; name="s.p7m"')
one("send-bodiless", "MSRP bind1 SEND", ["Message-ID: bind.01", "Byte-Range: 1-0/0"])
one("send-bodiless-no-range", "MSRP bind2 SEND", ["Message-ID: bind.02"])
one("send-bodiless-bare", "MSRP bind3 SEND", [], note="wild.tsv row 9")
one("send-bodiless-keep-alive", "MSRP bind4 SEND", ["Message-ID: bind.04", "Keep-Alive: yes"], note="wild.tsv row 6")
one("send-bodiless-aborted", "MSRP bind5 SEND", ["Message-ID: bind.05"], flag="#")
one("send-bodiless-from-zero", "MSRP bind6 SEND", ["Message-ID: bind.06", "Byte-Range: 0-0/0"], tolerated="WrongByteRange", note="wild.tsv row 94")
one("send-bodiless-same-ids", "MSRP empty SEND", ["Message-ID: empty"], note="wild.tsv row 11")
one("send-empty-body", "MSRP bind6 SEND", ["Message-ID: bind.06", "Byte-Range: 1-0/0", TEXT], "", note="an empty body is not no body")
send("send-body-crlf-only", "crlf1", "\r\n")
send("send-body-starts-crlf", "crlf2", "\r\n\r\nabc")
one("report", "MSRP rpt.1 REPORT", ["Message-ID: m.7741", "Byte-Range: 1-31/31", "Status: 000 200 OK"])
one("report-other-order", "MSRP rpt.2 REPORT", ["Message-ID: m.7741", "Status: 000 200 Fine", "Byte-Range: 1-31/31"], note="wild.tsv row 2")
one("report-failure", "MSRP rpt.3 REPORT", ["Message-ID: m.7741", "Byte-Range: 1-*/*", "Status: 000 408 Nobody answered there"], to=f"{R} {A}", frm=B)
one("report-no-comment", "MSRP rpt.4 REPORT", ["Message-ID: m.7741", "Byte-Range: 1-5/9", "Status: 000 413"])
one("report-other-namespace", "MSRP rpt.5 REPORT", ["Message-ID: m.7741", "Status: 042 999 zzz"])
one("header-not-utf8", "MSRP nu.1 SEND", ["Message-ID: m.7741", b"X: caf\xe9"], tolerated="NotUtf8")
one("header-not-utf8-overlong", "MSRP nu.2 SEND", ["Message-ID: m.7741", b"X: \xc0\xaf"], tolerated="NotUtf8")
one("report-no-namespace", "MSRP rpt.7 REPORT", ["Message-ID: m.7741", "Status: 200 OK"], tolerated="MalformedStatus")
one("report-short-namespace", "MSRP rpt.8 REPORT", ["Message-ID: m.7741", "Status: 0 200"], tolerated="MalformedStatus")
one("report-with-body", "MSRP rpt.6 REPORT", ["Message-ID: m.7741", "Status: 000 200", TEXT], "seen")
one("auth", "MSRP au01 AUTH", [], to="msrps://ada@hub.example.net;tcp", frm="msrps://ada.desk.example:9892/9x;tcp")
one("auth-digest", "MSRP au02 AUTH", ['Authorization: Digest username="ada", realm="hub.example.net", nonce="b1f5", qop=auth, nc=00000001, cnonce="77aa", response="00112233445566778899aabbccddeeff"', "Expires: 600"], to="msrps://ada@hub.example.net;tcp", frm="msrps://ada.desk.example:9892/9x;tcp")
one("auth-challenge", "MSRP au01 401 Unauthorized", ['WWW-Authenticate: Digest realm="hub.example.net", nonce="b1f5", qop="auth"'], to="msrps://ada.desk.example:9892/9x;tcp", frm="msrps://ada@hub.example.net;tcp")
one("auth-granted", "MSRP au02 200 OK", [f"Use-Path: {S} {R}", 'Authentication-Info: nextnonce="c2"', "Expires: 300"], to="msrps://ada.desk.example:9892/9x;tcp", frm="msrps://ada@hub.example.net;tcp")
one("auth-out-of-bounds", "MSRP au03 423 Too long", ["Max-Expires: 900", "Min-Expires: 60"])
one("nickname", "MSRP nick.1 NICKNAME", ['Use-Nickname: "Ada of the Pier"'])
one("nickname-unquoted", "MSRP nick.2 NICKNAME", ["Use-Nickname: Ada"], note="wild.tsv row 29")
one("method-unknown", "MSRP meth.1 PING", ["Message-ID: ping.1"])
one("method-underscore", "MSRP meth.2 FILE_OFFSET", ["Message-ID: fo.1", "Offset: 4096"], tolerated="MethodName", note="wild.tsv row 7")
one("method-digits", "MSRP meth.3 Send2-x", [], tolerated="MethodName")

# --- responses --------------------------------------------------------------
CODES = {200: "OK", 400: "Not understood", 401: "Who are you", 403: "No", 404: "No room", 408: "Slow",
         413: "Enough", 415: "Unreadable", 423: "Out of bounds", 424: "Odd name", 425: "Name taken",
         428: "Not in private", 481: "Gone", 501: "Cannot", 506: "Taken"}
for code, comment in CODES.items():
    one(f"response-{code}", f"MSRP re.{code} {code} {comment}", [])
    one(f"response-{code}-bare", f"MSRP re.{code}b {code}", [], note="wild.tsv row 24")
one("response-unregistered", "MSRP re.x 299 Sort of", [], tolerated="-", to=A, frm=B)
one("response-zero", "MSRP re.0 007 Licence", [])
one("response-utf8-comment", "MSRP re.utf8 403 Zurück — 戻る", [])
one("response-comment-blanks", "MSRP re.bl 200  two\tblanks ", [], note="blanks belong to the comment")
one("response-empty-comment", "MSRP re.ec 200 ", [], note="a comment of no characters")
one("response-with-fields", "MSRP re.wf 200 OK", ["Message-ID: m.7741", "Byte-Range: 1-31/31"], note="wild.tsv row 25")
one("response-whole-paths", "MSRP re.wp 200 OK", [], to=f"{R} {A}", frm=f"{S} {B}", note="wild.tsv row 4; the endpoint's tolerance")

# --- paths ------------------------------------------------------------------
one("path-relays", "MSRP hop.1 SEND", ["Message-ID: hop.m1", TEXT], "over two hubs", to=f"{R} {S} {B}", frm=A)
one("path-ipv6", "MSRP hop.2 SEND", ["Message-ID: hop.m2", TEXT], "six", to="msrp://[2001:db8:0:9::af]:2855/z9;tcp", frm="msrp://[::ffff:192.0.2.7]:9/3eb80645b9;tcp", note="wild.tsv row 21")
one("path-websocket", "MSRP hop.3 SEND", ["Message-ID: hop.m3", TEXT], "ws", to=B, frm="msrps://192.0.2.74:2855/s.4651.23.12;tcp msrp://k4c.invalid:2855/h48;ws", note="wild.tsv row 30")
one("path-discard-port", "MSRP hop.4 SEND", ["Message-ID: hop.m4"], frm="msrp://192.0.2.1:9/abc;tcp")
one("path-user-parameters", "MSRP hop.5 SEND", ["Message-ID: hop.m5"], to="msrps://ada;x=1%20y@lin.cove.example:1/~a/b;tcp;via=lab;q", frm=A)
one("path-scheme-case", "MSRP hop.6 SEND", ["Message-ID: hop.m6"], to="MSRPS://LIN.cove.example:1/Ab;TCP", frm=A)

# --- ids and other header fields --------------------------------------------
UUID = "8c1d6f2e-03b7-4c55-9e0a-5f7712ab34cd"
send("id-message-uuid", "uu.1", "uuid", mid=f"Message-ID: {UUID}", tolerated="IdentLength", note="wild.tsv row 3")
send("id-transaction-uuid", UUID, "uuid", tolerated="IdentLength")
send("id-one-character", "x", "short", mid="Message-ID: y", tolerated="IdentLength")
send("id-64-characters", "t" * 64, "long", mid="Message-ID: " + "m" * 64, tolerated="IdentLength")
send("id-first-hyphen", "-abc", "\r\n-------abc$\r\n-------", tolerated="IdentStart")
send("id-first-plus", "+abc", "plus", mid="Message-ID: =m.7741", tolerated="IdentStart")
send("id-base64", "a/b+c_d==", "\r\n-------a/b+c$\r\n", mid="Message-ID: 7f/3@cove", tolerated="IdentCharacter", note="wild.tsv row 69")
send("id-flag-at-end", "abc$", "\r\n-------abc$\r\n", flag="#", tolerated="IdentCharacter", note="wild.tsv row 69")
send("id-32-characters", "t" * 32, "long", mid="Message-ID: " + "m" * 32)
send("id-every-character", "aZ9.-+%=", "odd", mid="Message-ID: 0.-+%=zZ")
send("id-plus-at-end", "abcd+", "x\r\n-------abcd+\r\n-------abcd+x", flag="+", note="the id ends as a flag does")
send("id-plus-plus", "ab++", "\r\n-------ab+\r\n-------ab++\r\n", flag="#")
send("id-prefix-of-another", "abcde", "\r\n-------abcd$\r\n")
send("header-extensions", "ext.1", "x", extra=["X-Trace: 1;2, 3", "x-trace: again", "Q!#$%&'*+-.^_`{|}~9: odd name", "Empty: ", "Tabbed: a\tb", "Utf8: naïve ☂"])
one("header-no-space", "MSRP sp.1 SEND", ["Message-ID:sp.m1", "X-Y:z"], tolerated="MissingHeaderSpace", note="wild.tsv row 26")
one("header-more-spaces", "MSRP sp.2 SEND", ["Message-ID:   sp.m2 \t", "Byte-Range: 1-0/0  "], tolerated="ExtraHeaderSpace", note="wild.tsv row 27")
one("header-tab-for-space", "MSRP sp.3 SEND", ["Message-ID:\tsp.m3"], tolerated="MissingHeaderSpace,ExtraHeaderSpace")
one("path-more-spaces", "MSRP sp.4 SEND", ["Message-ID: sp.m4"], to=f"{R}   {B}", tolerated="ExtraHeaderSpace")
one("header-paths-late", "MSRP or.1 SEND", ["Message-ID: or.m1", f"To-Path: {B}", f"From-Path: {A}"], paths=False, tolerated="PathOrder")
one("header-paths-swapped", "MSRP or.2 SEND", [f"From-Path: {A}", f"To-Path: {B}", "Message-ID: or.m2"], paths=False, tolerated="PathOrder")
one("header-type-not-last", "MSRP or.3 SEND", ["Message-ID: or.m3", 'Content-Type: text/plain; charset="utf-8"', "Byte-Range: 1-1/1"], "x", tolerated="ContentTypeNotLast", note="wild.tsv row 28")
one("header-type-no-body", "MSRP or.4 SEND", ["Message-ID: or.m4", TEXT], tolerated="ContentTypeWithoutBody")
one("header-mime-no-body", "MSRP or.5 SEND", ["Message-ID: or.m5", "Content-Odd: x"], tolerated="ContentTypeWithoutBody")
one("header-no-type-body", "MSRP or.6 SEND", ["Message-ID: or.m6", "Byte-Range: 5-6/6"], "ab", note="a later chunk; the endpoint's tolerance")
one("header-type-empty-parameter", "MSRP or.8 SEND", ["Message-ID: or.m8", TEXT + ";"], "x", tolerated="EmptyParameter")
one("header-type-empty-name", "MSRP or.10 SEND", ["Message-ID: or.m10", TEXT + ";=b"], "x", tolerated="EmptyParameter")
one("header-type-empty-value", "MSRP or.9 SEND", ["Message-ID: or.m9", TEXT + ";;charset= ; "], "x", tolerated="ExtraHeaderSpace,EmptyParameter")
one("header-success-report-partial", "MSRP or.a SEND", ["Message-ID: or.ma", "Success-Report: Partial"], tolerated="PartialSuccessReport")
one("header-several", "MSRP or.7 SEND", [f"From-Path:{A}", f"To-Path:  {B}", "Content-Type: text/plain", "Message-ID: i"], "x", paths=False, tolerated="MissingHeaderSpace,ExtraHeaderSpace,IdentLength,PathOrder,ContentTypeNotLast")

# --- bodies which look like frames ------------------------------------------
send("body-octets", "bin.1", bytes(range(256)) + b"\0\0\r\r\n\n\r\r")
send("body-other-end-line", "own1", "a\r\n-------other$\r\n-------own2$\r\nb")
send("body-wrong-flag", "own2", "a\r\n-------own2*\r\n-------own2!\r\n-------own2\r\n$")
send("body-flag-no-crlf", "own3", "a\r\n-------own3$x\r\n-------own3$\rx\r\n-------own3$\n\r\n-------own3$\r\r\n")
send("body-six-hyphens", "own4", "a\r\n------own4$\r\n")
send("body-eight-hyphens", "own5", "a\r\n--------own5$\r\n")
send("body-no-crlf-before", "own6", "abc-------own6$\r\nd\n-------own6$\r\ne\r-------own6$\r\n", note="erratum 4177: it is data")
send("body-id-case", "own7", "a\r\n-------OWN7$\r\n")
send("body-half-end-line", "own8", "a\r\n-------own8$\r\r\n-------own8\r\n-------\r\n-\r\n\r")
send("body-crs", "own9", "\r" * 200)
send("body-hyphens", "ownA", "-" * 200)
send("body-prefixes", "ownB", "\r\n-------" * 60 + "\r\n------")
send("body-a-frame", "ownC", frame("MSRP inner SEND", ["Message-ID: inner"], None) + b"tail")
send("body-long-near-misses", "ownD", ("\r\n-------ownD*\r\n" + "\r\n-------ownX$\r\n") * 300, note="beyond the first 4096 octets")
send("body-crlf-counted", "ownE", "Hello\r\n", note="wild.tsv row 12")
add("body-empty-no-crlf", b"MSRP ee.1 SEND\r\nTo-Path: %s\r\nFrom-Path: %s\r\nMessage-ID: ee.m1\r\nContent-Type: text/plain\r\n\r\n-------ee.1$\r\n" % (B.encode(), A.encode()),
    ("SEND", "ee.1", 0, "$"), ("~", "-", "-", "-", "-", "EmptyBodyWithoutCrlf"))
send("body-starts-as-end-line", "ee.2", "-------ee.2*\r\n", note="at the start of the body, no end-line")

# --- streams ----------------------------------------------------------------
ok = frame("MSRP st.1 200 OK", [], to=A, frm=B)
chunk = frame("MSRP st.2 SEND", ["Message-ID: st.m2", TEXT], "one")
bind = frame("MSRP st.3 SEND", ["Message-ID: st.m3"])
T_OK, T_CHUNK, T_BIND = ("200", "st.1", "-", "$"), ("SEND", "st.2", 3, "$"), ("SEND", "st.3", "-", "$")
add("stream-pipelined", ok + chunk + bind + chunk + ok, T_OK, T_CHUNK, T_BIND, T_CHUNK, T_OK)
add("stream-chunks", frame("MSRP st.4a SEND", ["Message-ID: st.m4", "Byte-Range: 1-*/6", TEXT], "abc", "+")
    + ok + frame("MSRP st.4b SEND", ["Message-ID: st.m4", "Byte-Range: 4-6/6", TEXT], "def"),
    ("SEND", "st.4a", 3, "+"), T_OK, ("SEND", "st.4b", 3, "$"))
BLANK = ("~", "-", "-", "-", "-", "BlankLinesBetweenFrames")
add("stream-ping", chunk + b"\r\n\r\n" + ok + b"\r\n", T_CHUNK, T_OK, BLANK, note="wild.tsv row 33")
add("stream-ping-first", b"\r\n\r\n\r\n" + bind, T_BIND, BLANK)
add("stream-only-ping", b"\r\n\r\n", BLANK)
add("stream-empty", b"")

# --- malformed heads in intact framing --------------------------------------
def bad(name, headers, error, body=None, start="MSRP bad1 SEND", note="", what="SEND", tolerated="-", **how):
    data = frame(start, headers, body, **how)
    size = "-" if body is None else len(octets(body))
    add("bad/" + name, data + ok, (what, start.split(" ")[1], size, "$", error, tolerated), T_OK, note=note or "the next frame is whole")


MID = "Message-ID: bad.m1"
bad("folded", [MID, "X-Long: one", " two"], "HeaderLine { position: 5 }")
bad("folded-tab", [MID, "X-Long: one", "\ttwo"], "HeaderLine { position: 5 }")
bad("injection-lf", [MID, "X: a\nTo-Path: msrp://evil.example:1/e;tcp"], "HeaderLine { position: 4 }")
bad("injection-cr", [MID, "X: a\rTo-Path: msrp://evil.example:1/e;tcp"], "HeaderLine { position: 4 }")
bad("injection-lf-end-line", [MID, "X: a\n-------bad1$"], "HeaderLine { position: 4 }")
bad("injection-nul", [MID, "X: a\0b"], "HeaderLine { position: 4 }")
bad("injection-del", [MID, "X: a\x7fb"], "HeaderLine { position: 4 }")
bad("injection-path", [MID], "HeaderValue(ToPath)", to=B + "\t" + A)
bad("not-utf8-and-control", [MID, b"X: caf\xe9\x1b"], "HeaderLine { position: 4 }")
bad("not-utf8-type", [MID, b"Content-Type: text/pl\xe4in"], "HeaderValue(ContentType)", "x")
bad("not-utf8-name", [MID, "Größe: 3"], "HeaderLine { position: 4 }")
bad("no-colon", [MID, "X-Only"], "HeaderLine { position: 4 }")
bad("space-before-colon", [MID, "X : a"], "HeaderLine { position: 4 }")
bad("no-name", [MID, ": a"], "HeaderLine { position: 4 }")
bad("name-starts-digit", [MID, "9X: a"], "HeaderLine { position: 4 }")
bad("other-end-line", [MID, "-------bad2$"], "HeaderLine { position: 4 }")
bad("twice-message-id", [MID, "message-id: bad.m2"], "Repeated(MessageId)")
bad("twice-to-path", [MID, f"To-Path: {A}"], "Repeated(ToPath)")
bad("twice-from-path", [MID, f"From-Path: {A}"], "Repeated(FromPath)")
bad("twice-byte-range", [MID, "Byte-Range: 1-1/1", "Byte-Range: 1-1/1"], "Repeated(ByteRange)")
bad("twice-content-type", [MID, TEXT, "Content-Type: text/html"], "Repeated(ContentType)", "x", tolerated="ContentTypeNotLast")
bad("twice-success-report", [MID, "Success-Report: no", "Success-Report: yes"], "Repeated(SuccessReport)")
bad("twice-failure-report", [MID, "Failure-Report: no", "Failure-Report: yes"], "Repeated(FailureReport)")
bad("twice-status", [MID, "Status: 000 200", "Status: 000 400"], "Repeated(Status)", start="MSRP bad1 REPORT", what="REPORT")
bad("no-paths", [MID], "Missing(ToPath)", paths=False)
bad("no-from-path", [f"To-Path: {B}", MID], "Missing(FromPath)", paths=False)
bad("no-to-path", [f"From-Path: {A}", MID], "Missing(ToPath)", paths=False, tolerated="PathOrder")
bad("path-empty", [MID], "HeaderValue(ToPath)", to="", tolerated="-")
bad("path-http", [MID], "HeaderValue(ToPath)", to="http://lin.cove.example:80/x")
bad("path-no-transport", [MID], "HeaderValue(FromPath)", frm="msrp://ada.desk.example:7001/q8")
bad("path-port-65536", [MID], "HeaderValue(ToPath)", to="msrp://lin.cove.example:65536/x;tcp")
bad("path-17-uris", [MID], "TooManyUris { limit: 16 }", to=" ".join([B] * 17))
for name, value in {"overflow": "1-18446744073709551616/18446744073709551616", "total-overflow": "1-*/18446744073709551616",
                    "zero": "0-5/5", "backwards": "5-3/9", "beyond-total": "6-9/8", "no-total": "1-5", "negative": "-1-5/5",
                    "spaces": "1 - 5 / 5", "star-start": "*-5/5", "plus": "+1-5/5", "hex": "0x1-5/5", "two": "1-5/5, 6-7/7"}.items():
    bad("range-" + name, [MID, "Byte-Range: " + value], "HeaderValue(ByteRange)")
for name, value in {"no-subtype": "text", "empty": "", "no-slash": "text;charset=utf-8", "half": "text/", "spaces": "text / plain",
                    "open-quote": 'text/plain;a="b', "two": "text/plain, text/html"}.items():
    bad("type-" + name, [MID, "Content-Type: " + value], "HeaderValue(ContentType)", "x")
bad("message-id-characters", ["Message-ID: a_bé"], "HeaderValue(MessageId)")
bad("message-id-65", ["Message-ID: " + "m" * 65], "HeaderValue(MessageId)")
bad("success-report-maybe", [MID, "Success-Report: maybe"], "HeaderValue(SuccessReport)")
bad("failure-report-maybe", [MID, "Failure-Report: maybe"], "HeaderValue(FailureReport)")
bad("status-no-code", [MID, "Status: OK"], "HeaderValue(Status)", start="MSRP bad1 REPORT", what="REPORT")
bad("status-short", [MID, "Status: 000 20"], "HeaderValue(Status)", start="MSRP bad1 REPORT", what="REPORT")
bad("method-none", [MID], "StartLine", start="MSRP bad1 ", what="?")
bad("method-code-and-name", [MID], "StartLine", start="MSRP bad1 200OK", what="?")
bad("method-two-digits", [MID], "StartLine", start="MSRP bad1 20", what="?")
bad("method-four-digits", [MID], "StartLine", start="MSRP bad1 2000", what="?")
bad("method-trailing-space", [MID], "StartLine", start="MSRP bad1 SEND ", what="?")
bad("method-version", [MID], "StartLine", start="MSRP bad1 SEND MSRP/1.0", what="?")
bad("headers-65", [MID] + [f"X-{n}: {n}" for n in range(62)], "TooManyHeaders { limit: 64 }")

# --- framing that is lost or was never there --------------------------------
LOST, LONG, CUT = [("!", "-", "-", "-", error) for error in ("NotMsrp", "HeadTooLong { limit: 16384 }", "Truncated")]


def lost(name, data, *told, note=""):
    add("bad/" + name, octets(data), *told, note=note)


lost("http", "GET /index.html HTTP/1.1\r\nHost: lin.cove.example\r\n\r\n", LOST)
lost("http-after-frame", chunk + b"POST / HTTP/1.1\r\n\r\n", T_CHUNK, LOST)
lost("sip", "OPTIONS sip:lin@cove.example SIP/2.0\r\n\r\n", LOST)
lost("tls", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", LOST)
lost("lower-case", frame("msrp low1 SEND", [MID]), LOST)
lost("version", "MSRP/1.0 abcd SEND\r\n", LOST)
lost("two-spaces", frame("MSRP  two1 SEND", [MID]), LOST)
lost("id-characters", "MSRP a_bé SEND\r\n\r\n", LOST)
lost("id-first-other", "MSRP éabc SEND\r\n\r\n", LOST)
lost("id-65", f"MSRP {'t' * 65} SEND\r\n\r\n", LOST)
lost("injection-comment", frame("MSRP bad1 200 O\nK", []) + ok, LOST)
lost("id-injection", "MSRP ab\ncd SEND\r\n\r\n", LOST)
lost("start-line-only-id", "MSRP abcd\r\n\r\n", LOST)
lost("leading-lf", b"\n" + chunk, LOST)
lost("leading-cr", b"\rX" + chunk, LOST)
lost("no-crlf-after-end-line", chunk[:-2] + ok, ("SEND", "st.2", "?", "?"), CUT, note="all that follows is body")
lost("lf-lines", chunk.replace(b"\r\n", b"\n"), LOST, note="no line ever ends")
lost("cut-in-start-line", "MSRP ab", CUT)
lost("cut-in-head", chunk[:60], CUT)
lost("cut-in-body", chunk[:-17], ("SEND", "st.2", "?", "?"), CUT)
lost("cut-in-end-line", chunk[:-2], ("SEND", "st.2", "?", "?"), CUT)
lost("head-endless", b"MSRP long SEND\r\n" + b"X: y\r\n" * 2800, LONG)
lost("line-endless", b"MSRP long SEND\r\nX: " + b"y" * 16600, LONG)
lost("garbage-long", b"MSRQ" + b"z" * 16600 + b"\n", LOST)

for name, data in files.items():
    (HERE / f"{name}.msrp").write_bytes(data)
known = {HERE / f"{name}.msrp" for name in files}
for stray in set(HERE.rglob("*.msrp")) - known:
    stray.unlink()
head = ["file", "what", "id", "body", "flag", "error", "tolerated", "note"]
lines = ["\t".join(row) for row in [head, *rows]]
(HERE / "INDEX.tsv").write_text("\n".join(lines) + "\n", newline="\n")
