// Loads the packed bundle and activates it, in a process that has nothing else to do; prints what that took. Where
// the editor's API is asked for something, a stand-in takes the call and does nothing: only our own work is timed.
'use strict';
const Module = require('node:module');
const path = require('node:path');

/** Answers to every name, call and `new` with itself, but for what was given. */
function standIn(given = {}) {
  return new Proxy(function () {}, {
    get: (_target, name) => {
      if (name in given) return given[name];
      if (name === 'then') return undefined;
      if (name === Symbol.iterator) return function* () {};
      if (name === Symbol.toPrimitive) return () => '';
      return standIn();
    },
    set: () => true,
    apply: () => standIn(),
    construct: () => standIn(),
  });
}

const vscode = standIn({
  l10n: { t: (message) => message },
  workspace: standIn({
    isTrusted: true,
    textDocuments: [],
    getConfiguration: () => ({ get: (_name, usual) => usual }),
  }),
});
const memory = { get: () => undefined, update: async () => {} };
const context = standIn({ subscriptions: [], workspaceState: memory, globalState: memory });

const load = Module._load.bind(Module);
// The prototype, because the bundle copies what the module itself has.
Module._load = (name, ...rest) => (name === 'vscode' ? Object.create(vscode) : load(name, ...rest));

const startedMs = performance.now();
const extension = require(path.join(__dirname, '../vscode-extension/dist/extension.cjs'));
const loadedMs = performance.now();
extension.activate(context);
const activatedMs = performance.now();
process.stdout.write(JSON.stringify({ loadMs: loadedMs - startedMs, activateMs: activatedMs - loadedMs }));
// What it began, such as watching the kubeconfig, is not waited for.
process.exit(0);
