// The package `ws` on Node.js: a loop over its clients.  EVENT holds the event, with SEQ and PREVIOUS to be filled in.

import { createRequire } from "node:module";
import { join } from "node:path";

const { WebSocketServer } = createRequire(join(process.env.WS_HOME, "x.js"))("ws");
let seq = 0;

const server = new WebSocketServer({ host: "127.0.0.1", port: 0, backlog: 4096, perMessageDeflate: false });
server.on("listening", () => console.log(server.address().port));
server.on("connection", (socket) => {
  socket.on("error", () => socket.terminate());
  socket.on("message", () => {
    const data = Buffer.from(process.env.EVENT.replaceAll("PREVIOUS", String(seq)).replaceAll("SEQ", String((seq += 1))));
    for (const client of server.clients) client.send(data, { binary: false });
  });
});
