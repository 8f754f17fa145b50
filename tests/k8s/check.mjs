// check.mjs [--no-mistakes] FILE: holds rendered manifests against the schemas and the rules, then sees to it that
// each seeded mistake is found. A line for each finding; the last counts.
import fs from 'node:fs';
import YAML from 'yaml';
import { rules } from './rules.mjs';
import { schema } from './schema.mjs';
import { seeded } from './seeded.mjs';

const name = (o) => `${o.kind}/${o.metadata.name}`;

async function findings(all) {
  const shapes = await Promise.all(all.map(async (o) => (await schema(o)).map((text) => `${name(o)}: ${text}`)));
  const shaped = shapes.flat();
  // What has not the right shape cannot be held against the rules.
  return shaped.length ? shaped : rules.flatMap((rule) => rule(all));
}

// The renderer folds long values over lines, as every reader of base64 allows and the schema does not.
function unfolded(object) {
  if (object.kind === 'Secret')
    for (const key in object.data) object.data[key] = object.data[key].replace(/\s/g, '');
  return object;
}

function load(path) {
  const documents = YAML.parseAllDocuments(fs.readFileSync(path, 'utf8'), { uniqueKeys: true });
  const broken = documents.flatMap((d) => d.errors);
  if (broken.length) throw new Error(broken[0].message);
  return documents.map((d) => d.toJS()).filter(Boolean).map(unfolded);
}

async function isFound(all, [, target, spoil, words]) {
  const copy = structuredClone(all);
  const object = copy.find((o) => [name(o), name(o).replace(/-[a-z0-9]{10}$/, '')].includes(target));
  if (!object) return `there is no ${target} to spoil`;
  spoil(object);
  const found = await findings(copy);
  return found.some((text) => text.includes(words)) ? null : `not found; said was: ${found.join('; ') || 'nothing'}`;
}

let passed = 0, failed = 0;
function verdict(what, problem) {
  console.log(`${problem ? 'FAIL' : 'ok  '} ${what}${problem ? `: ${problem}` : ''}`);
  problem ? failed++ : passed++;
}

const mistakes = process.argv[2] === '--no-mistakes' ? [] : seeded;
const all = load(process.argv.at(-1));
const found = await findings(all);
verdict(`${all.length} objects, ${rules.length} rules and the schemas`, found.join('\n     ') || null);
for (const mistake of mistakes) verdict(`found: ${mistake[0]}`, await isFound(all, mistake));
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed ? 1 : 0);
