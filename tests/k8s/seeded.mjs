// Mistakes that must be found: [what, the object, how it is spoilt, what the finding says].
const first = (o) => o.spec.template.spec.containers[0];

export const seeded = [
  ['a member that does not exist', 'PodDisruptionBudget/gateway', (o) => { o.spec.minAvailble = 1; }, 'minAvailble'],
  ['a word that is no choice', 'Job/release', (o) => { o.spec.template.spec.restartPolicy = 'Allways'; }, 'restartPolicy'],
  ['a number as text', 'Deployment/gateway', (o) => { o.spec.replicas = 'two'; }, 'replicas'],
  ['a required member left out', 'Deployment/notifier', (o) => { delete o.spec.selector; }, 'selector'],
  ['a selector that misses its pods', 'Deployment/validation',
    (o) => { o.spec.selector.matchLabels['app.kubernetes.io/name'] = 'validator'; }, 'does not match its own template'],
  ['a service without pods', 'Service/issuer', (o) => { o.spec.selector['app.kubernetes.io/name'] = 'isuer'; }, 'selects no pod'],
  ['a port that nobody has', 'Service/gateway', (o) => { o.spec.ports[0].targetPort = 'web'; }, 'a port web'],
  ['a budget for nobody', 'PodDisruptionBudget/notifier',
    (o) => { o.spec.selector.matchLabels = { 'app.kubernetes.io/name': 'notify' }; }, 'no PodDisruptionBudget'],
  ['a Secret that is not there', 'Deployment/gateway',
    (o) => { o.spec.template.spec.volumes.find((v) => v.name === 'bus').secret.secretName = 'bus'; }, 'no Secret/bus'],
  ['a volume that is not there', 'Deployment/issuer', (o) => { first(o).volumeMounts[0].name = 'temp'; }, 'no volume temp'],
  ['a container that may be root', 'Deployment/issuer',
    (o) => { delete o.spec.template.spec.securityContext.runAsNonRoot; }, 'may run as root'],
  ['a root file system to write', 'Deployment/scheduler',
    (o) => { first(o).securityContext.readOnlyRootFilesystem = false; }, 'root file system'],
  ['no readiness', 'Deployment/gateway', (o) => { delete first(o).readinessProbe; }, 'no readiness probe'],
  ['no memory limit', 'Deployment/notifier', (o) => { delete first(o).resources.limits; }, 'memory'],
  ['a secret in the environment', 'Deployment/issuer', (o) => {
    first(o).env.push({ name: 'CHANCERY_TOKEN_PIN', valueFrom: { secretKeyRef: { name: 'chancery-token', key: 'pin' } } });
  }, 'comes from a Secret'],
  ['a setting that nobody knows', 'ConfigMap/chancery-settings',
    (o) => { o.data.CHANCERY_DRAIN_TIMOUT = '5s'; }, 'no program knows CHANCERY_DRAIN_TIMOUT'],
  ['an operator\'s pod that runs always', 'Deployment/tools', (o) => { o.spec.replicas = 1; }, 'no liveness probe'],
  ['two issuers on one SoftHSM', 'Deployment/issuer', (o) => { o.spec.replicas = 2; }, 'must be one'],
  ['an issuer with a way out', 'NetworkPolicy/outside',
    (o) => { o.spec.podSelector.matchExpressions[0].values.push('issuer'); }, 'lets others'],
  ['an image without a tag', 'Deployment/gateway', (o) => { first(o).image = 'chancery-gateway'; }, 'no fixed tag'],
];
