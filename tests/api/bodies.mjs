// bodies.mjs URL KEY DOCUMENT ORDER: is an empty body refused where the description says that members are
// required, with the name of one of them, and nowhere else? A line for what is not so; exit status 1, then.
import { readFileSync } from "node:fs";

const [base, key, documentPath, order] = process.argv.slice(2);
const document = JSON.parse(readFileSync(documentPath, "utf8"));
// Needed of some: a user who is a person has a name to log in with, a service user has none.
const sometimes = { "Users.Add": ["username"] };
const problems = [];

async function call(method, path, body) {
  const headers = { "X-DC-DEVKEY": key, "Content-Type": "application/json" };
  const answer = await fetch(base + path, { method, headers, body: body && JSON.stringify(body) });
  const text = await answer.text();
  return { status: answer.status, json: text ? JSON.parse(text) : {} };
}

async function existing() {
  const me = (await call("GET", "/user/me")).json;
  const keys = (await call("GET", `/key?user_id=${me.id}`)).json.api_keys;
  const webhook = (await call("POST", "/webhook", { endpoint: "https://example.com/hook" })).json;
  const requests = (await call("GET", "/request")).json.requests;
  return {
    order_id: order, name_id: "ssl_dv_geotrust", webhook_id: webhook.webhook_id, user_id: me.id, key_id: keys[0].id,
    container_id: me.container.id, request_id: requests[0].id,
  };
}

async function judge(method, path, operation, ids) {
  const what = `${method} ${path}`;
  const filled = path.replace(/\{(\w+)\}/g, (_, name) => ids[name] ?? problems.push(`${what}: no ${name}`));
  const body = operation.requestBody;
  const required = body.content["application/json"].schema.required ?? [];
  const { status, json } = await call(method, filled, {});
  const error = json.errors?.[0] ?? {};
  if ((body.required ?? false) !== required.length > 0) problems.push(`${what}: is the body required?`);
  if (required.length === 0 && error.code === "missing_field") problems.push(`${what}: needs ${error.field}`);
  const named = [...required, ...(sometimes[operation.operationId] ?? [])].includes(error.field);
  if (required.length > 0 && !(status === 400 && named)) problems.push(`${what}: ${status} ${error.code} ${error.field}`);
}

const ids = await existing();
let judged = 0;
for (const [path, item] of Object.entries(document.paths))
  for (const [method, operation] of Object.entries(item))
    if (operation.requestBody) {
      await judge(method.toUpperCase(), (operation["x-path"] ?? path).replace("/services/v2", ""), operation, ids);
      judged++;
    }
if (judged < 20) problems.push(`only ${judged} bodies were tried`);
console.log(problems.join("\n"));
process.exit(problems.length ? 1 : 0);
