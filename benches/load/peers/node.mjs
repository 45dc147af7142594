// A proxy of Node's own http module: the body is spliced as text.
import http from "node:http";
import { redeem } from "./vault.mjs";

const { PORT, UPSTREAM, CENTER } = process.env;
const agent = new http.Agent({ keepAlive: true, maxSockets: 4096 });

function forward(req, res, headers, body) {
  const call = http.request({ host: "127.0.0.1", port: UPSTREAM, method: req.method, path: req.url, headers, agent }, (answer) => {
    res.writeHead(answer.statusCode, answer.headers);
    answer.pipe(res);
  });
  call.on("error", () => res.writeHead(502).end());
  call.end(body);
}

http.createServer({ keepAliveTimeout: 60000 }, (req, res) => {
  if (req.headers.contactcenterid !== CENTER) return res.writeHead(403).end();
  const { connection, ...headers } = req.headers;
  if (req.method !== "POST") return forward(req, res, headers);
  const chunks = [];
  req.on("data", (chunk) => chunks.push(chunk));
  req.on("end", () => {
    const body = Buffer.concat(chunks).toString();
    const slot = /"storedContextId"\s*:\s*"([\w-]+)"/.exec(body);
    const members = slot && redeem(slot[1]);
    if (!members) return res.writeHead(403).end();
    const spliced = Buffer.from(body.slice(0, slot.index) + members + body.slice(slot.index + slot[0].length));
    headers["content-length"] = spliced.length;
    forward(req, res, headers, spliced);
  });
}).listen(PORT, "127.0.0.1");
