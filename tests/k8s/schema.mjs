// What the API server would say of an object's shape: required members, types and enumerations from the
// compiled schemas, members that do not exist from the client's type map.
import * as models from './node_modules/@kubernetes/client-node/dist/gen/models/all.js';

const LIST = /^Array<(.*)>$/;
const MAP = /^\{ \[key: string\]: (.*); \}$/;
const PLAIN = { string: 'string', number: 'number', boolean: 'boolean' };

const capital = (word) => word[0].toUpperCase() + word.slice(1);

// V1Deployment for apps/v1 Deployment.
export const modelName = (object) => capital(object.apiVersion.split('/').pop()) + object.kind;

function inList(value, type, path, found) {
  if (!Array.isArray(value)) return found.push(`${path}: a list is wanted`);
  value.forEach((item, i) => walk(item, type, `${path}[${i}]`, found));
}

function inMap(value, type, path, found) {
  if (typeof value !== 'object') return found.push(`${path}: a map is wanted`);
  for (const key in value) walk(value[key], type, `${path}.${key}`, found);
}

function inModel(value, type, path, found) {
  const model = models[type];
  if (!model?.getAttributeTypeMap) return;
  if (typeof value !== 'object') return found.push(`${path}: ${type} is wanted`);
  const members = Object.fromEntries(model.getAttributeTypeMap().map((m) => [m.baseName, m.type]));
  for (const key in value)
    if (key in members) walk(value[key], members[key], `${path}.${key}`, found);
    else found.push(`${path}.${key}: ${type} has no such member`);
}

function walk(value, type, path, found) {
  if (value === null || value === undefined) return;
  const list = LIST.exec(type), map = MAP.exec(type);
  if (list) inList(value, list[1], path, found);
  else if (map) inMap(value, map[1], path, found);
  else if (PLAIN[type] && typeof value !== PLAIN[type]) found.push(`${path}: ${type} is wanted, not ${typeof value}`);
  else inModel(value, type, path, found);
}

async function compiled(object) {
  try {
    const kinds = await import(`kubernetes-models/${object.apiVersion}`);
    new kinds[object.kind](object).validate();
    return [];
  } catch (e) {
    return [e.message];
  }
}

// Of what is not Kubernetes' own, its maker's reference: the members that we use.
const foreign = {
  'monitoring.coreos.com/v1 PodMonitor': ['selector', 'podMetricsEndpoints'],
};

export async function schema(object) {
  const found = [], members = foreign[`${object.apiVersion} ${object.kind}`];
  if (members) return Object.keys(object.spec).filter((m) => !members.includes(m)).map((m) => `spec.${m}: there is no such member`);
  if (!models[modelName(object)]) return [`there is no ${object.apiVersion} ${object.kind}`];
  walk(object, modelName(object), object.kind, found);
  return [...found, ...(await compiled(object))];
}
