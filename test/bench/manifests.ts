import { parseAllDocuments } from 'yaml';
import { complete } from '../../vscode-extension/language/completion/complete.ts';
import { FileObjects } from '../../vscode-extension/language/references/object-index.ts';
import { builtInModel } from '../../vscode-extension/language/schema/built-in.ts';
import { FileChecker } from '../../vscode-extension/language/service/file-checker.ts';
import { Slices } from '../../vscode-extension/language/service/slices.ts';
import { typingPauseMs } from '../../vscode-extension/language/service/typing-pause.ts';
import { watchLoop } from './api/loop-watch.ts';
import { atMost, cpuTimed, median, timed } from './measure.ts';
import type { Measurement } from './measure.ts';

const keys = 60;
const settings = { model: builtInModel(), namespace: 'default' };
const never = new AbortController().signal;

/**
 * From the last key to what is shown: the pause, then in time of the processor what the editor does: parse, check, look
 * up names.
 */
export async function measureManifests(): Promise<readonly Measurement[]> {
  const many = Array.from({ length: 87 }, (_, index) => deployment(index)).join('');
  const one = longPod(400);
  const floor = await cpuTimed(async () => {
    for (let round = 0; round < 10; round++) parseAllDocuments(one, { uniqueKeys: false });
  });
  const large = await checkLarge();
  return [
    atMost('a key in 87 documents of 2,000 lines', await keyMs(many, 'replicas: 3'), 100, 'ms'),
    atMost('a key in one document of 2,000 lines', await keyMs(one, 'image: busybox'), 100, 'ms', floor / 10),
    atMost('completion in one document of 2,000 lines', await completionMs(one), 100, 'ms'),
    large,
  ];
}

/** The median of checks after one value was changed. */
async function keyMs(text: string, place: string): Promise<number> {
  const file = new FileChecker('bench.yaml');
  const known = { files: new FileObjects(), live: undefined };
  const samples: number[] = [];
  for (let key = 0; key < keys; key++) {
    const changed = text.replace(place, `${place}${key}`);
    const ms = await cpuTimed(async () => {
      const slices = new Slices(() => performance.now());
      file.update(changed);
      const objects = await file.objects(settings, slices, never);
      await file.check(settings, slices, never);
      await file.between({ settings, objects, known }, slices, never);
    });
    // The first ones are for the compiler.
    if (key >= keys / 3) samples.push(ms + typingPauseMs(ms));
  }
  return median(samples);
}

async function completionMs(text: string): Promise<number> {
  const context = { ...settings, known: { files: new FileObjects(), live: undefined } };
  const start = text.indexOf('image: busybox', text.length / 2);
  const end = text.indexOf('\n', start);
  const file = new FileChecker('bench.yaml');
  file.update(text);
  file.documents.forEach(({ parsed }) => parsed);
  const samples: number[] = [];
  for (let round = 0; round < keys / 2; round++) {
    const ms = await cpuTimed(async () => {
      file.update(`${text.slice(0, start)}${round % 2 === 0 ? 'im' : 'ima'}${text.slice(end)}`);
      const placed = file.documentAt(start);
      if (placed === undefined) throw new Error('The file has no documents');
      complete(placed.text, start + 2, context, (other) => placed.parseInstead(other));
    });
    samples.push(ms);
  }
  return median(samples);
}

/** The longest that anything else had to wait while a file of 10 MB was checked for the first time. */
async function checkLarge(): Promise<Measurement> {
  const text = Array.from({ length: 22_000 }, (_, index) => deployment(index)).join('');
  const file = new FileChecker('large.yaml');
  const report = watchLoop();
  const tookMs = await timed(async () => {
    const slices = new Slices(() => performance.now());
    file.update(text);
    const objects = await file.objects(settings, slices, never);
    await file.check(settings, slices, never);
    const known = { files: new FileObjects(), live: undefined };
    await file.between({ settings, objects, known }, slices, never);
  });
  const megabytes = (text.length / 1024 / 1024).toFixed(0);
  const name = `others wait, while ${megabytes} MB are checked in ${(tookMs / 1000).toFixed(0)} s`;
  return atMost(name, report().stallMs, 100, 'ms');
}

function deployment(index: number): string {
  return `---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web-${index}
  labels: { app: web-${index} }
spec:
  replicas: 3
  selector:
    matchLabels:
      app: web-${index}
  template:
    metadata:
      labels:
        app: web-${index}
    spec:
      containers:
        - name: web
          image: busybox
          command: [sh, -c, 'echo up; httpd -f -p 8080']
          resources:
            requests: { cpu: 50m, memory: 16Mi }
            limits: { memory: 32Mi }
`;
}

function longPod(containers: number): string {
  const items = Array.from(
    { length: containers },
    (_, index) =>
      `  - name: c${index}\n    image: busybox\n    command: [sh, -c, x]\n    resources:\n      requests: { cpu: 1m }\n`,
  );
  return `apiVersion: v1\nkind: Pod\nmetadata: { name: a }\nspec:\n  containers:\n${items.join('')}`;
}
