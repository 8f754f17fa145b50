// guide.mjs DOCUMENT GUIDE SCRATCH: is each call of the guide one of the description's, and does its shell sign as
// Standard Webhooks 1.0 does? A line for what is not so; exit status 1, then.
import { execFileSync } from "node:child_process";
import { createHmac } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";

const [documentPath, guidePath, scratch] = process.argv.slice(2);
const guide = readFileSync(guidePath, "utf8");
const { paths } = JSON.parse(readFileSync(documentPath, "utf8"));
const problems = [];

const served = Object.entries(paths).flatMap(([path, item]) =>
  Object.keys(item).map((method) => new RegExp(`^${method.toUpperCase()} ${path.replace(/\{[^}]*\}/g, "[^/]+")}$`)));

const calls = [...guide.matchAll(/\bcall ([A-Z]+) "?(\/[^\s"?]*)/g)].map(([, method, path]) => `${method} /services/v2${path}`);
for (const call of calls)
  if (!served.some((form) => form.test(call))) problems.push(`${call} is not served`);
if (calls.length < 20) problems.push(`only ${calls.length} calls were found`);

const shell = guide.match(/^signature\(\) \{[\s\S]*?^\}$/m)?.[0] ?? "";
const key = Buffer.from("a key with\0 any bytes, and \xff", "latin1"), body = '{"event": "certificate_issued"}\n';
writeFileSync(scratch, body);
for (const [secret, bytes] of [["whsec_" + key.toString("base64"), key], ["a secret % of words", "a secret % of words"]]) {
  const said = execFileSync("bash", ["-c", `${shell}\nsignature "$@"`, "guide", "msg_1", "1614265330", scratch, secret]);
  const right = "v1," + createHmac("sha256", bytes).update(`msg_1.1614265330.${body}`).digest("base64");
  if (said.toString().trim() !== right) problems.push(`a signature is ${said}, not ${right}`);
}
console.log(problems.join("\n"));
process.exit(problems.length ? 1 : 0);
