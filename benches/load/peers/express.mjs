// The same in Express: the body is parsed and written again as JSON.
import http from "node:http";
import { createRequire } from "node:module";
import { redeem } from "./vault.mjs";

const { PORT, UPSTREAM, CENTER, MODULES } = process.env;
const express = createRequire(MODULES + "/")("express");
const agent = new http.Agent({ keepAlive: true, maxSockets: 4096 });
const app = express();

app.use((req, res, next) => (req.get("ContactCenterId") === CENTER ? next() : res.sendStatus(403)));
app.use(express.json({ limit: "1mb" }));
app.post("/api/v1/messaging/chat/:point/send-message", (req, res, next) => {
  const handle = req.body?.context?.storedContextId;
  const members = typeof handle === "string" && redeem(handle);
  if (!members) return res.sendStatus(403);
  delete req.body.context.storedContextId;
  Object.assign(req.body.context, JSON.parse(`{${members}}`));
  req.swapped = Buffer.from(JSON.stringify(req.body));
  next();
});
app.use((req, res) => {
  const { connection, ...headers } = req.headers;
  if (req.swapped) headers["content-length"] = req.swapped.length;
  const call = http.request({ host: "127.0.0.1", port: UPSTREAM, method: req.method, path: req.originalUrl, headers, agent }, (answer) => {
    res.writeHead(answer.statusCode, answer.headers);
    answer.pipe(res);
  });
  call.on("error", () => res.sendStatus(502));
  call.end(req.swapped);
});
app.listen(PORT, "127.0.0.1").keepAliveTimeout = 60000;
