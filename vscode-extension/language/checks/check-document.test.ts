import { describe, expect, test } from 'vitest';
import { deployment, fixed, problemsOf, told } from './check-story.ts';

const changed = (from: string, to: string) => {
  if (!deployment.includes(from)) throw new Error(`The manifest has no ${JSON.stringify(from)}`);
  return deployment.replace(from, to);
};

describe('manifests that are fine', () => {
  test.each([
    ['a Deployment', deployment],
    ['with Windows line ends', deployment.replaceAll('\n', '\r\n')],
    [
      'a Secret of text',
      'apiVersion: v1\nkind: Secret\nmetadata: {name: a}\ntype: kubernetes.io/basic-auth\nstringData: {username: a}\n',
    ],
    ['a Namespace', 'apiVersion: v1\nkind: Namespace\nmetadata:\n  name: a\n'],
    ['one with a generated name', 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  generateName: a-\n'],
    [
      'a list',
      'apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: ConfigMap\n  metadata: {name: a}\n',
    ],
    [
      'a policy without what the server fills in',
      'apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: a}\nspec: {}\n',
    ],
    ['what a cluster returns', `${deployment}status:\n  replicas: 3\n`],
    ['a custom resource nobody knows', 'apiVersion: example.com/v1\nkind: Thing\nspec: {a: 1}\n'],
    [
      'a kustomization',
      'apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources: [a.yaml]\n',
    ],
    ['a kubeconfig', 'apiVersion: v1\nkind: Config\nclusters: []\n'],
    ['a chart', 'apiVersion: v2\nname: web\nversion: 0.1.0\n'],
    ['something else altogether', 'services:\n  web: {image: x}\nservices: 1\n'],
  ])('%s', (_, text) => expect(told(text)).toEqual([]));
});

describe('what is wrong is told at the node', () => {
  test.each<[string, string, string, string[]]>([
    [
      'a misspelt field',
      'replicas:',
      'replcas:',
      ['error "replcas" replcas is an unknown field; did you mean "replicas"?'],
    ],
    [
      'a field of another place',
      'image: busybox',
      'image: busybox\n          restartPolicyy: Always',
      ['error "restartPolicyy" restartPolicyy is an unknown field; did you mean "restartPolicy"?'],
    ],
    [
      'a wrong type',
      'replicas: 3',
      'replicas: "3"',
      ['error "\\"3\\"" replicas must be an integer, not the string "3"'],
    ],
    [
      'a number for a text',
      'app: web\n  template',
      'app: 5\n  template',
      ['error "5" app must be a string, not the number 5: put quotes around it'],
    ],
    [
      'a wrong quantity',
      'cpu: 50m',
      'cpu: 50mm',
      ['error "50mm" cpu must be a quantity such as "100m" or "1Gi"'],
    ],
    [
      'a value outside its set',
      'containers:',
      'dnsPolicy: ClusterFrist\n      containers:',
      [
        'error "ClusterFrist" dnsPolicy must be one of "ClusterFirstWithHostNet", "ClusterFirst", "Default", "None", not the string "ClusterFrist"; did you mean "ClusterFirst"?',
      ],
    ],
    [
      'a list that is none',
      'image: busybox',
      'image: busybox\n          command: sh',
      ['error "sh" command must be a list, not the string "sh"'],
    ],
    [
      'a selector that does not match',
      'app: web\n    spec',
      'app: wbe\n    spec',
      [
        'error "labels" spec.template.metadata.labels: Invalid value: {"app":"wbe"}: `selector` does not match template `labels`',
      ],
    ],
    [
      'a misspelt required field',
      'containers:',
      'contianers:',
      ['error "contianers" contianers is an unknown field; did you mean "containers"?'],
    ],
    [
      'a key given twice',
      '  replicas: 3\n',
      '  replicas: 3\n  replicas: 4\n',
      ['error "replicas" "replicas" is given twice'],
    ],
    [
      'a field on its way out',
      '      containers:',
      '      serviceAccount: a\n      containers:',
      ['hint "serviceAccount" serviceAccount is on its way out: use serviceAccountName'],
    ],
    [
      'a negative count',
      'replicas: 3',
      'replicas: -1',
      ['error "-1" spec.replicas: Invalid value: -1: must be greater than or equal to 0'],
    ],
  ])('%s', (_, from, to, problems) => expect(told(changed(from, to))).toEqual(problems));

  test('a name that cannot be one', () => {
    expect(told(changed('name: web\nspec', 'name: Web_1\nspec'))[0]).toMatch(
      /^error "Web_1" metadata.name: Invalid value: "Web_1": a lowercase RFC 1123 subdomain/,
    );
  });

  test('a label key that cannot be one', () => {
    expect(told(changed('name: web\nspec', 'name: web\n  labels: {"a b": c}\nspec'))[0]).toMatch(
      /^error "\\"a b\\"" metadata.labels: Invalid value: "a b"/,
    );
  });

  test('missing fields, at what should have them', () => {
    expect(
      told('apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: a\nspec:\n  replicas: 1\n'),
    ).toEqual([
      'error "spec" spec.selector: Required value',
      'error "spec" spec.template.spec.containers: Required value',
    ]);
    expect(told('apiVersion: v1\nkind: ConfigMap\n')).toEqual([
      'error "apiVersion" metadata.name: Required value: name or generateName is required',
    ]);
  });

  test('items of a list have their own problems', () => {
    const item = (text: string) => text.replace(/^/gm, '  ').trimEnd();
    expect(
      told(
        `apiVersion: v1\nkind: List\nitems:\n-\n${item(deployment)}\n-\n${item(changed('replicas', 'relicas'))}\n`,
      ),
    ).toEqual(['error "relicas" relicas is an unknown field; did you mean "replicas"?']);
  });

  test('merged and aliased values are checked as what they become', () => {
    const text = changed('replicas: 3', 'replicas: &n "3"\n  revisionHistoryLimit: *n');
    expect(told(text)).toEqual([
      'error "\\"3\\"" replicas must be an integer, not the string "3"',
      'error "*n" revisionHistoryLimit must be an integer, not the string "3"',
    ]);
  });
});

describe('kinds and versions', () => {
  const head = (apiVersion: string, kind: string) =>
    `apiVersion: ${apiVersion}\nkind: ${kind}\nmetadata: {name: a}\n`;
  test.each<[string, string, string]>([
    ['apps/v1', 'Deploymnt', 'error "Deploymnt" "apps/v1" has no kind Deploymnt; did you mean "Deployment"?'],
    ['v1', 'Deployment', 'error "v1" "v1" has no kind Deployment; it is in "apps/v1"'],
    ['app/v1', 'Deployment', 'error "app/v1" "app/v1" has no kind Deployment; it is in "apps/v1"'],
    [
      'extensions/v1beta1',
      'Deployment',
      'error "extensions/v1beta1" Deployment of "extensions/v1beta1" is not served since Kubernetes 1.16; use "apps/v1"',
    ],
    [
      'policy/v1beta1',
      'PodSecurityPolicy',
      'error "policy/v1beta1" PodSecurityPolicy of "policy/v1beta1" is not served since Kubernetes 1.25',
    ],
    ['v1', 'Endpoints', 'warning "Endpoints" Endpoints is on its way out: use EndpointSlice'],
  ])('%s %s', (apiVersion, kind, problem) => expect(told(head(apiVersion, kind))[0]).toBe(problem));

  test('a missing apiVersion can be added', () => {
    const text = 'kind: Deployment\nmetadata: {name: a}\n';
    expect(told(text)).toEqual(['error "kind" apiVersion is required']);
    expect(fixed(text, 'Add apiVersion: apps/v1')).toBe(`${text.trimEnd()}\napiVersion: apps/v1\n`);
  });

  test('a custom resource may have the kind of a built-in one', () => {
    expect(
      told('apiVersion: serving.knative.dev/v1\nkind: Service\nmetadata: {name: a}\nspec: {template: {}}\n'),
    ).toEqual([]);
  });
});

describe('fixes', () => {
  test.each<[string, string, string, string]>([
    ['replcas: 3', 'replicas: 3', 'Replace with "replicas"', 'replicas: 3'],
    ['replicas: "3"', 'replicas: 3', 'Remove the quotes', 'replicas: 3'],
    [
      'name: web\n  annotations: {a: 5}\nspec',
      'name: web\nspec',
      'Put quotes around it',
      'name: web\n  annotations: {a: "5"}\nspec',
    ],
    [
      'image: busybox\n          command: sh',
      'image: busybox',
      'Make it a list',
      'image: busybox\n          command: [sh]',
    ],
    [
      'dnsPolicy: None1\n      containers:',
      'containers:',
      'Replace with "None"',
      'dnsPolicy: None\n      containers:',
    ],
    ['name: Web_1\nspec', 'name: web\nspec', 'Replace with "web-1"', 'name: web-1\nspec'],
    ['bogus: 1\n  replicas', 'replicas', 'Remove "bogus"', 'replicas'],
    [
      'app: wbe\n    spec',
      'app: web\n    spec',
      'Give the template the labels that are selected',
      'app: web\n    spec',
    ],
    ['app: wbe\n    spec', 'app: web\n    spec', 'Select the labels of the template', ''],
    [
      'tier: x\n    spec',
      'app: web\n    spec',
      'Give the template the labels that are selected',
      'tier: x\n        app: web\n    spec',
    ],
    [
      'serviceAccount: a\n      containers:',
      'containers:',
      'Replace with "serviceAccountName"',
      'serviceAccountName: a\n      containers:',
    ],
  ])('%j: %3$s', (wrong, right, title, result) => {
    const after = fixed(changed(right, wrong), title);
    if (result !== '') expect(after).toBe(changed(right, result));
    expect(problemsOf(after).filter(({ severity }) => severity === 'error')).toEqual([]);
  });

  test('a selector that misses is put right from what the template says', () => {
    const text = changed('app: web\n  template', 'app: x\n      tier: y\n  template');
    expect(fixed(text, 'Select the labels of the template')).toBe(deployment);
  });

  test('missing fields are added where they belong', () => {
    const text = changed('  selector:\n    matchLabels:\n      app: web\n', '');
    const after = fixed(text, 'Add selector');
    expect(after).toBe(`${text.trimEnd()}\n  selector:\n    matchLabels:\n      app: web\n`);
    expect(problemsOf(after)).toEqual([]);
  });

  test('with the maps on the way to them', () => {
    expect(fixed('apiVersion: v1\nkind: ConfigMap\n', 'Add name')).toBe(
      'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: my-name\n',
    );
    expect(fixed('apiVersion: v1\nkind: ConfigMap\nmetadata:\ndata: {}\n', 'Add name')).toBe(
      'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: my-name\ndata: {}\n',
    );
    expect(fixed('{apiVersion: v1, kind: ConfigMap, metadata: {}}', 'Add name')).toBe(
      '{apiVersion: v1, kind: ConfigMap, metadata: {name: my-name}}',
    );
  });

  test('containers come with what they need', () => {
    const text = 'apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\nspec:\n';
    const after = fixed(text, 'Add containers');
    expect(after).toBe(`${text.trimEnd()}\n  containers:\n    - name: my-name\n      image: busybox\n`);
    expect(problemsOf(after)).toEqual([]);
  });

  test('an image that is missing is one that can be run', () => {
    const text = changed('          image: busybox\n', '');
    expect(fixed(text, 'Add image')).toBe(`${text}          image: busybox\n`);
    expect(problemsOf(fixed(text, 'Add image'))).toEqual([]);
  });

  test('plain text in a Secret can be encoded', () => {
    expect(
      fixed('apiVersion: v1\nkind: Secret\nmetadata: {name: a}\ndata:\n  a: hi!\n', 'Encode as base64'),
    ).toContain('a: aGkh\n');
  });

  test('an old version is replaced', () => {
    expect(fixed(changed('apps/v1', 'apps/v1beta1'), 'Replace with "apps/v1"')).toBe(deployment);
  });

  test('the second of two equal keys goes', () => {
    expect(fixed(changed('  replicas: 3\n', '  replicas: 3\n  replicas: 3\n'), 'Remove "replicas"')).toBe(
      deployment,
    );
  });

  test('Windows line ends stay', () => {
    const text = 'apiVersion: v1\r\nkind: ConfigMap\r\n';
    expect(fixed(text, 'Add name')).toBe(
      'apiVersion: v1\r\nkind: ConfigMap\r\nmetadata:\r\n  name: my-name\r\n',
    );
  });
});

describe('while somebody types', () => {
  test('only the line that is not finished is told of, and what is wrong before it', () => {
    const text = changed('replicas: 3', 'relicas: 3').replace(
      '- name: web\n',
      '- name: web\n          ima\n',
    );
    expect(told(text).map((line) => line.split(' ').slice(0, 2).join(' '))).toEqual([
      'error "ima"',
      'error "relicas"',
    ]);
  });

  test('every beginning of a manifest can be checked', () => {
    for (let end = 0; end <= deployment.length; end += 3)
      expect(() => problemsOf(deployment.slice(0, end))).not.toThrow();
  });
});

describe('templates', () => {
  const text = changed('name: web\nspec', 'name: {{ .Release.Name }}\nspec')
    .replace('replicas: 3', '{{- if .Values.fixed }}\n  replicas: {{ .Values.replicas }}\n  {{- end }}')
    .replace('matchLabels:\n      app: web', 'matchLabels:\n      {{- include "labels" . | nindent 6 }}');

  test('are not told what rendering will settle', () => {
    expect(told(text)).toEqual([
      'hint "kind" A template: only what does not depend on its values is checked',
    ]);
  });

  test('are told of fields that are wrong however they are rendered', () => {
    expect(told(text.replace('image:', 'imagee:')).slice(1)).toEqual([
      'error "imagee" imagee is an unknown field; did you mean "image"?',
    ]);
  });

  test('quoted actions make no template, and are not looked into', () => {
    expect(told(changed('name: web\nspec', 'name: "{{ name }}"\nspec'))).toEqual([]);
  });
});
