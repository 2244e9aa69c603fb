// A client of a relay in plain JavaScript: AUTH (RFC 4976) with SHA-256, texts and
// their responses. Enough for a page that chats; it does not reassemble chunks.
"use strict";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

const hex = (octets) => Array.from(octets, (octet) => octet.toString(16).padStart(2, "0")).join("");

// 80 bits of randomness, which RFC 4975 section 14.1 asks of a session-id.
const randomName = () => hex(crypto.getRandomValues(new Uint8Array(10)));

// crypto.subtle exists only in secure contexts: https, and localhost.
const sha256 = async (text) => {
  return hex(new Uint8Array(await crypto.subtle.digest("SHA-256", encoder.encode(text))));
};

// One chunk or response of a WebSocket message.
const parse = (octets) => {
  const text = decoder.decode(octets);
  const [, id, what] = /^MSRP (\S+) (\S+)/.exec(text);
  const end = text.lastIndexOf(`\r\n-------${id}`);
  const blank = text.indexOf("\r\n\r\n");
  const hasBody = blank !== -1 && blank < end;
  const head = text.slice(0, hasBody ? blank : end).split("\r\n").slice(1);
  const headers = head.map((line) => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 2)]);
  const header = (name) => headers.find(([found]) => found === name)?.[1];
  const all = (name) => headers.filter(([found]) => found === name).map(([, value]) => value);
  return { id, what, header, all, body: hasBody ? text.slice(blank + 4, end) : null };
};

class Client {
  // `uri` is the address of the WebSocket, `relay` the URI of the relay.
  constructor(uri, relay) {
    this.relay = relay;
    this.own = `msrps://${randomName()}.invalid:2855/${randomName()};ws`;
    this.texts = [];
    this.reports = [];
    this.waiting = new Map();
    this.socket = new WebSocket(uri, "msrp");
    this.socket.binaryType = "arraybuffer";
    this.socket.onmessage = ({ data }) => this.receive(parse(new Uint8Array(data)));
    this.open = new Promise((resolve, reject) => {
      this.socket.onopen = resolve;
      this.socket.onclose = () => {
        reject(new Error("the relay has closed the connection"));
        this.lost();
      };
    });
  }

  // Whoever waits for a response learns that none will come.
  lost() {
    for (const { reject } of this.waiting.values()) {
      reject(new Error("the relay has closed the connection"));
    }
    this.waiting.clear();
  }

  receive(frame) {
    if (/^\d{3}$/.test(frame.what)) {
      this.waiting.get(frame.id)?.resolve(frame);
      this.waiting.delete(frame.id);
    } else if (frame.what === "REPORT") {
      this.reports.push(frame.header("Status"));
    } else if (frame.what === "SEND") {
      this.answer(frame);
    }
  }

  answer(frame) {
    const previous = frame.header("From-Path").split(" ")[0];
    // A 200 is sent under "yes" alone, which is the default (RFC 4975 section 7.2).
    if ((frame.header("Failure-Report") ?? "yes") === "yes") this.write(frame.id, "200 OK", previous, []);
    if (frame.body === null) return;
    this.texts.push(frame.body);
    log(`< ${frame.body}`);
    if (frame.header("Success-Report") === "yes") {
      this.write(randomName(), "REPORT", frame.header("From-Path"), [
        `Message-ID: ${frame.header("Message-ID")}`,
        `Byte-Range: ${frame.header("Byte-Range")}`,
        "Status: 000 200 OK",
      ]);
    }
  }

  // Text and binary frames are equivalent for a relay; this sends either.
  write(id, what, to, headers, body) {
    const lines = [`MSRP ${id} ${what}`, `To-Path: ${to}`, `From-Path: ${this.own}`, ...headers];
    const text = lines.join("\r\n") + (body === undefined ? "" : `\r\n\r\n${body}`) + `\r\n-------${id}$\r\n`;
    this.socket.send(body === undefined ? text : encoder.encode(text));
  }

  ask(what, to, headers, body) {
    const id = randomName();
    const answer = new Promise((resolve, reject) => this.waiting.set(id, { resolve, reject }));
    if (this.socket.readyState !== WebSocket.OPEN) this.lost();
    else this.write(id, what, to, headers, body);
    return answer;
  }

  // The path that leads to this client, for a session description.
  async authenticate(user, password) {
    await this.open;
    const challenge = await this.ask("AUTH", this.relay, []);
    const values = challenge.all("WWW-Authenticate");
    const value = values.find((value) => /algorithm="?SHA-256"?(,|$)/.test(value));
    const parameter = (name) => new RegExp(`\\b${name}="?([^",]*)`).exec(value)?.[1];
    const [realm, nonce, opaque] = ["realm", "nonce", "opaque"].map(parameter);
    const [nc, cnonce] = ["00000001", randomName()];
    const secret = await sha256(`${user}:${realm}:${password}`);
    const what = await sha256(`AUTH:${this.relay}`);
    const response = await sha256(`${secret}:${nonce}:${nc}:${cnonce}:auth:${what}`);
    let credentials = `Digest username="${user}", realm="${realm}", nonce="${nonce}", uri="${this.relay}", ` +
      `response="${response}", algorithm=SHA-256, cnonce="${cnonce}", qop=auth, nc=${nc}`;
    if (opaque !== undefined) credentials += `, opaque="${opaque}"`;
    const answer = await this.ask("AUTH", this.relay, [`Authorization: ${credentials}`]);
    if (answer.what !== "200") throw new Error(`AUTH: ${answer.what}`);
    this.usePath = answer.header("Use-Path");
    return `${this.usePath.split(" ").reverse().join(" ")} ${this.own}`;
  }

  // Sends a text to the path of a session description.
  async say(path, text) {
    const len = encoder.encode(text).length;
    log(`> ${text}`);
    const answer = await this.ask("SEND", `${this.usePath} ${path}`, [
      `Message-ID: ${randomName()}`,
      "Success-Report: yes",
      `Byte-Range: 1-${len}/${len}`,
      "Content-Type: text/plain",
    ], text);
    return answer.what;
  }
}

const log = (line) => {
  document.getElementById("log").append(`${line}\n`);
};
