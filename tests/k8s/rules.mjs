// What must hold between objects, and what this house asks of its own. Each rule gives its findings.
import fs from 'node:fs';

const subset = (a, b) => Object.entries(a ?? {}).every(([k, v]) => b?.[k] === v);
const named = (o) => `${o.kind}/${o.metadata.name}`;
const template = (o) => o.spec?.template;
const podsOf = (all) => all.filter(template);
const containersOf = (o) => [...(template(o).spec.initContainers ?? []), ...template(o).spec.containers];
const selected = (all, labels) => podsOf(all).filter((o) => subset(labels, template(o).metadata?.labels));
const everyContainer = (all, say) => podsOf(all).flatMap((o) => containersOf(o).flatMap((c) =>
  say(c, o).map((text) => `${named(o)} ${c.name}: ${text}`)));

const scalersOf = (all, o) => all.filter((s) => s.kind === 'HorizontalPodAutoscaler' &&
  s.spec.scaleTargetRef.kind === o.kind && s.spec.scaleTargetRef.name === o.metadata.name);

function selectorsMatch(all) {
  return podsOf(all).filter((o) => o.spec.selector && !subset(o.spec.selector.matchLabels, template(o).metadata?.labels))
    .map((o) => `${named(o)}: its selector does not match its own template`);
}

function servicesReachPods(all) {
  return all.filter((o) => o.kind === 'Service' && o.spec.selector).flatMap((o) => {
    const pods = selected(all, o.spec.selector);
    const ports = pods.flatMap((p) => containersOf(p).flatMap((c) => (c.ports ?? []).map((port) => port.name)));
    return pods.length === 0 ? [`${named(o)}: selects no pod`]
      : o.spec.ports.filter((port) => typeof port.targetPort === 'string' && !ports.includes(port.targetPort))
        .map((port) => `${named(o)}: no container has a port ${port.targetPort}`);
  });
}

function budgetsSelect(all) {
  return all.filter((o) => o.kind === 'PodDisruptionBudget' && selected(all, o.spec.selector?.matchLabels).length === 0)
    .map((o) => `${named(o)}: selects no pod`);
}

const isMany = (all, o) => o.kind === 'Deployment' &&
  (o.spec.replicas > 1 || scalersOf(all, o).some((s) => s.spec.minReplicas > 1));

// Not all of them on one node, where there are more.
function everyManySpreads(all) {
  const spreads = (o) => (template(o).spec.topologySpreadConstraints ?? [])
    .some((c) => c.topologyKey === 'kubernetes.io/hostname' && subset(c.labelSelector?.matchLabels, template(o).metadata?.labels));
  return all.filter((o) => isMany(all, o) && !spreads(o)).map((o) => `${named(o)}: its pods may all be on one node`);
}

function everyManyHasABudget(all) {
  const covered = (o) => all.some((b) => b.kind === 'PodDisruptionBudget' &&
    subset(b.spec.selector?.matchLabels, template(o).metadata?.labels));
  return all.filter((o) => isMany(all, o) && !covered(o))
    .map((o) => `${named(o)}: has several pods and no PodDisruptionBudget`);
}

// Whatever is referred to is there, by kind and name.
function referencesResolve(all) {
  const have = new Set(all.map(named));
  const wanted = (o) => [
    ...(template(o).spec.volumes ?? []).flatMap((v) => [
      v.secret && `Secret/${v.secret.secretName}`,
      ...(v.projected?.sources ?? []).map((source) => source.secret && `Secret/${source.secret.name}`),
      v.configMap && `ConfigMap/${v.configMap.name}`,
      v.persistentVolumeClaim && `PersistentVolumeClaim/${v.persistentVolumeClaim.claimName}`]),
    ...containersOf(o).flatMap((c) => (c.envFrom ?? []).map((e) => e.configMapRef && `ConfigMap/${e.configMapRef.name}`)),
    ...containersOf(o).flatMap((c) => (c.env ?? []).map((e) =>
      e.valueFrom?.configMapKeyRef && `ConfigMap/${e.valueFrom.configMapKeyRef.name}`)),
    template(o).spec.serviceAccountName && `ServiceAccount/${template(o).spec.serviceAccountName}`,
  ].filter(Boolean);
  return podsOf(all).flatMap((o) => [...new Set(wanted(o))].filter((name) => !have.has(name))
    .map((name) => `${named(o)}: there is no ${name}`));
}

function mountsHaveVolumes(all) {
  return everyContainer(all, (c, o) => {
    const volumes = [...(template(o).spec.volumes ?? []).map((v) => v.name),
      ...(o.spec.volumeClaimTemplates ?? []).map((v) => v.metadata.name)];
    return (c.volumeMounts ?? []).filter((m) => !volumes.includes(m.name)).map((m) => `there is no volume ${m.name}`);
  });
}

// The "restricted" Pod Security Standard, and a root file system that cannot be written.
function confined(all) {
  return everyContainer(all, (c, o) => {
    const pod = template(o).spec.securityContext ?? {}, own = c.securityContext ?? {};
    return [
      [pod.runAsNonRoot ?? own.runAsNonRoot, 'may run as root'],
      [(own.seccompProfile ?? pod.seccompProfile)?.type === 'RuntimeDefault', 'has no seccomp profile'],
      [own.allowPrivilegeEscalation === false, 'may gain privileges'],
      [own.capabilities?.drop?.includes('ALL'), 'keeps capabilities'],
      [own.readOnlyRootFilesystem, 'may write its root file system'],
      [!template(o).spec.hostNetwork && !template(o).spec.hostPID, 'shares the host\'s namespaces'],
      [template(o).spec.automountServiceAccountToken === false, 'is given a token of the Kubernetes API'],
    ].filter(([good]) => !good).map(([, text]) => text);
  });
}

function resourcesAndProbes(all) {
  const lasting = (o) => ['Deployment', 'StatefulSet'].includes(o.kind);
  const asked = (o) => o.spec.replicas === 0; // by who needs it, who also ends it
  return everyContainer(all, (c, o) => [
    [c.resources?.limits?.memory && c.resources?.requests?.memory, 'has no memory request and limit'],
    [!lasting(o) || c.readinessProbe, 'has no readiness probe'],
    [!lasting(o) || asked(o) || c.livenessProbe, 'has no liveness probe'],
  ].filter(([good]) => !good).map(([, text]) => text));
}

function imagesAreNamed(all) {
  return everyContainer(all, (c) => /:[^/:]+$/.test(c.image ?? '') && !c.image.endsWith(':latest')
    ? [] : [`image ${c.image} has no fixed tag`]);
}

// Secrets come from files, never from the environment, where every child and every dump has them.
function noSecretInTheEnvironment(all) {
  return everyContainer(all, (c) => [
    ...(c.env ?? []).filter((e) => e.valueFrom?.secretKeyRef).map((e) => `${e.name} comes from a Secret`),
    ...(c.envFrom ?? []).filter((e) => e.secretRef).map((e) => `its environment comes from Secret ${e.secretRef.name}`),
  ]);
}

// Every CHANCERY_ variable is a setting that a program knows: docs/guide/settings.md is printed by them.
function settingsExist(all) {
  const text = fs.readFileSync(new URL('../../docs/guide/settings.md', import.meta.url), 'utf8');
  const known = new Set([...text.matchAll(/`(CHANCERY_[A-Z0-9_]+)`/g)].map((m) => m[1]));
  const tools = new Set(['CHANCERY_ADMIN_DATABASE_URL', 'CHANCERY_LOG_LIST', 'CHANCERY_MIGRATIONS', 'CHANCERY_POLICY_KEY']);
  const good = (name) => !name.startsWith('CHANCERY_') ||
    known.has(name.replace(/_FILE$/, '')) || tools.has(name.replace(/_FILE$/, ''));
  const maps = all.filter((o) => o.kind === 'ConfigMap').flatMap((o) => Object.keys(o.data ?? {})
    .filter((name) => !good(name)).map((name) => `${named(o)}: no program knows ${name}`));
  return [...maps, ...everyContainer(all, (c) => (c.env ?? []).filter((e) => !good(e.name))
    .map((e) => `no program knows ${e.name}`))];
}

// SoftHSM keeps keys in files: two issuers at one time would be one too many.
function oneIssuer(all) {
  return all.filter((o) => o.kind === 'Deployment' && o.metadata.name === 'issuer' &&
    (o.spec.replicas !== 1 || o.spec.strategy?.type !== 'Recreate'))
    .map((o) => `${named(o)}: must be one, with Recreate`);
}

// An autoscaler reckons with what its pods ask for; a number of pods in their Deployment would undo its work.
function autoscalersScale(all) {
  return all.filter((s) => s.kind === 'HorizontalPodAutoscaler').flatMap((s) => {
    const target = all.find((o) => scalersOf(all, o).includes(s));
    return [
      [target, 'scales nothing that is there'],
      [s.spec.minReplicas <= s.spec.maxReplicas, 'has more pods at the least than at the most'],
      [target?.spec.replicas === undefined, 'scales what says itself how many there are'],
      [!target || containersOf(target).every((c) => c.resources?.requests?.cpu), 'scales pods that ask for no CPU'],
      [target?.metadata.name !== 'issuer', 'must leave the issuer one'],
    ].filter(([good]) => !good).map(([, text]) => `${named(s)}: ${text}`);
  });
}

// What an Ingress leads to is there, by TLS alone, and its controller is no client of the gateway.
function ingressesLead(all) {
  const reaches = (b) => all.some((o) => o.kind === 'Service' && o.metadata.name === b.service?.name &&
    o.spec.ports.some((port) => port.name === b.service.port.name || port.port === b.service.port.number));
  const trusts = () => everyContainer(all, (c) => (c.env ?? []).filter((e) => e.name === 'CHANCERY_TRUSTED_PROXIES')
    .map((e) => e.name)).length > 0;
  const secret = (t) => all.some((o) => o.kind === 'Secret' && o.metadata.name === t.secretName && o.type === 'kubernetes.io/tls');
  return all.filter((o) => o.kind === 'Ingress').flatMap((o) => {
    const covered = (o.spec.tls ?? []).flatMap((t) => t.hosts ?? []);
    return [
      ...o.spec.rules.flatMap((r) => r.http.paths).filter((p) => !reaches(p.backend))
        .map((p) => `${p.path} leads to no Service and port`),
      ...o.spec.rules.filter((r) => !covered.includes(r.host)).map((r) => `${r.host} is served without TLS`),
      ...(o.spec.tls ?? []).filter((t) => !secret(t)).map((t) => `there is no Secret ${t.secretName} of type kubernetes.io/tls`),
      ...(trusts() ? [] : ['the gateway trusts nobody in front of it: CHANCERY_TRUSTED_PROXIES']),
    ].map((text) => `${named(o)}: ${text}`);
  });
}

// A PodMonitor asks each service, and calls it as the alerts do.
function monitorsAsk(all) {
  return all.filter((o) => o.kind === 'PodMonitor').flatMap((o) => o.spec.podMetricsEndpoints.flatMap((e) => {
    const pods = selected(all, o.spec.selector.matchLabels).filter((p) => p.kind === 'Deployment' && p.spec.replicas !== 0);
    const mute = pods.filter((p) => !containersOf(p).some((c) => (c.ports ?? []).some((port) => port.name === e.port)));
    return [
      ...(pods.length ? [] : ['selects no pod']),
      ...mute.map((p) => `${named(p)} has no port ${e.port}`),
      ...((e.relabelings ?? []).some((r) => r.targetLabel === 'job' && r.replacement === 'chancery') ? []
        : ['the alerts know the job chancery alone']),
    ].map((text) => `${named(o)}: ${text}`);
  }));
}

// A map that becomes the environment has a hash in its name: else a change of it reaches no pod that runs.
function settingsRollOut(all) {
  return everyContainer(all, (c) => (c.envFrom ?? []).map((e) => e.configMapRef?.name)
    .filter((name) => name && !/-[a-z0-9]{10}$/.test(name)).map((name) => `a change of ConfigMap ${name} would roll nothing`));
}

// Only validation and notifier may reach addresses outside the cluster.
function onlyTwoGoOut(all) {
  const goesOut = (p) => (p.spec.egress ?? []).some((rule) => !rule.to || rule.to.some((to) => to.ipBlock));
  const may = new Set(['validation', 'notifier']);
  const values = (p) => [
    ...Object.entries(p.spec.podSelector.matchLabels ?? {}).filter(([k]) => k.endsWith('/name')).map(([, v]) => v),
    ...(p.spec.podSelector.matchExpressions ?? []).flatMap((e) => e.values ?? [])];
  const policies = all.filter((o) => o.kind === 'NetworkPolicy');
  return [
    ...policies.filter(goesOut).filter((p) => values(p).length === 0 || values(p).some((v) => !may.has(v)))
      .map((p) => `${named(p)}: lets others than validation and notifier out`),
    ...(policies.some((p) => Object.keys(p.spec.podSelector).length === 0 && !p.spec.ingress && !p.spec.egress &&
      p.spec.policyTypes?.length === 2) ? [] : ['no NetworkPolicy closes everything that is not opened']),
  ];
}

export const rules = [
  selectorsMatch, servicesReachPods, budgetsSelect, everyManyHasABudget, referencesResolve, mountsHaveVolumes,
  confined, resourcesAndProbes, imagesAreNamed, noSecretInTheEnvironment, settingsExist, oneIssuer, onlyTwoGoOut,
  everyManySpreads, autoscalersScale, ingressesLead, monitorsAsk, settingsRollOut,
];
