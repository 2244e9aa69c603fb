// Calls `deliver` of the module that wasm-bindgen wrote for node; an error that
// it throws ends node with status 1.
const path = require("node:path");

const { deliver } = require(path.resolve(process.argv[2]));
const text = deliver();
if (text !== "Hey Bob") {
  throw new Error(`delivered: ${text}`);
}
console.log(`delivered in WebAssembly: ${text}`);
