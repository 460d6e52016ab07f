import { CelEnvironment } from './environment.ts';
import type { CelEnvironmentOptions, CelProgram } from './environment.ts';
import { authorizerType, resourceCheckType } from './library/authorizer.ts';
import { bool, dyn, int, listOf, mapOf, nullType, objectOf, opaque, string, timestamp } from './types.ts';
import type { Type } from './types.ts';

/** Types that upstream declares by hand: their fields are called as they are. */
function declared(name: string, types: Readonly<Record<string, Type>>): Type {
  return objectOf(name, types, (key) => key);
}

const kind = declared('kubernetes.GroupVersionKind', { group: string, version: string, kind: string });
const resource = declared('kubernetes.GroupVersionResource', {
  group: string,
  version: string,
  resource: string,
});

/** The variable `request` (BuildRequestType in apiserver/pkg/admission/plugin/cel/compile.go). */
const requestType = declared('kubernetes.AdmissionRequest', {
  kind,
  resource,
  subResource: string,
  requestKind: kind,
  requestResource: resource,
  requestSubResource: string,
  name: string,
  namespace: string,
  operation: string,
  userInfo: declared('kubernetes.UserInfo', {
    username: string,
    uid: string,
    groups: listOf(string),
    extra: mapOf(string, listOf(string)),
  }),
  dryRun: bool,
  options: dyn,
});

/** The variable `namespaceObject`; upstream shows no more of a Namespace than this. */
const namespaceType = declared('kubernetes.Namespace', {
  metadata: declared('kubernetes.NamespaceMetadata', {
    name: string,
    generateName: string,
    namespace: string,
    labels: mapOf(string, string),
    annotations: mapOf(string, string),
    UID: string,
    creationTimestamp: timestamp,
    deletionGracePeriodSeconds: int,
    deletionTimestamp: timestamp,
    generation: int,
    resourceVersion: string,
    finalizers: listOf(string),
  }),
  spec: declared('kubernetes.NamespaceSpec', { finalizers: listOf(string) }),
  status: declared('kubernetes.NamespaceStatus', { phase: string }),
});

const always = { object: dyn, oldObject: dyn, request: requestType, namespaceObject: namespaceType };
const authorizing = {
  authorizer: opaque(authorizerType),
  'authorizer.requestResource': opaque(resourceCheckType),
};
const parameters = { params: dyn };

export interface PolicyOptions {
  readonly hasParams: boolean;
  /** Types of the variables `object` and `oldObject`, and of `params`; dyn without. */
  readonly objectType?: Type;
  readonly paramsType?: Type;
  /** Messages may be written out: `Object{…}` and `JSONPatch{…}`. */
  readonly hasMessages?: boolean;
}

/**
 * Compiles the expressions of one admission policy: the later ones may use `variables.NAME` of the variables
 * declared before.
 */
export class PolicyCompiler {
  readonly #options: CelEnvironmentOptions;
  readonly #base: Readonly<Record<string, Type>>;
  readonly #variables = new Map<string, Type>();
  #environments: { readonly plain: CelEnvironment; readonly authorizing: CelEnvironment };

  constructor({ hasParams, objectType = dyn, paramsType = dyn, hasMessages = false }: PolicyOptions) {
    this.#options = hasMessages ? { messages: isMutationMessage } : {};
    this.#base = {
      ...always,
      object: objectType,
      oldObject: objectType,
      ...(hasParams ? { ...parameters, params: paramsType } : {}),
    };
    this.#environments = this.#build();
  }

  #build(): { readonly plain: CelEnvironment; readonly authorizing: CelEnvironment } {
    const variables = declared('kubernetes.variables', Object.fromEntries(this.#variables));
    const plain = new CelEnvironment({ ...this.#base, variables }, this.#options);
    return { plain, authorizing: plain.with(authorizing) };
  }

  /** @throws CelCompileError */
  matchCondition(expression: string): CelProgram {
    return matchConditions(this.#base).compile(expression, bool);
  }

  /** Later expressions may use it. @throws CelCompileError */
  variable(name: string, expression: string): CelProgram {
    const program = this.#environments.authorizing.compile(expression);
    this.#variables.set(name, program.type);
    this.#environments = this.#build();
    return program;
  }

  /** Later expressions may use a variable, whatever it is: its own expression could not be read. */
  assume(name: string): void {
    this.#variables.set(name, dyn);
    this.#environments = this.#build();
  }

  /** @throws CelCompileError */
  validation(expression: string): CelProgram {
    return this.#environments.authorizing.compile(expression, bool);
  }

  /** @throws CelCompileError */
  message(expression: string): CelProgram {
    return this.#environments.plain.compile(expression, string);
  }

  /** @throws CelCompileError */
  auditAnnotation(expression: string): CelProgram {
    return this.#environments.authorizing.compile(expression, string, nullType);
  }

  /** @throws CelCompileError */
  applyConfiguration(expression: string): CelProgram {
    return this.#environments.authorizing.compile(expression, message('Object'));
  }

  /** @throws CelCompileError */
  jsonPatch(expression: string): CelProgram {
    return this.#environments.authorizing.compile(expression, listOf(message('JSONPatch')));
  }
}

/** The type of a message that expressions write out. */
function message(name: string): Type {
  return { kind: 'object', name, field: () => undefined, nameOf: () => undefined };
}

function isMutationMessage(name: string): boolean {
  return name === 'JSONPatch' || /^Object(?:\.[A-Za-z_]\w*)*$/.test(name);
}

const withoutParams = new CelEnvironment({ ...always, ...authorizing });
const withParams = withoutParams.with(parameters);

function matchConditions(base: Readonly<Record<string, Type>>): CelEnvironment {
  return 'params' in base ? withParams : withoutParams;
}

/** The match condition of a webhook. @throws CelCompileError */
export function compileMatchCondition(expression: string): CelProgram {
  return withoutParams.compile(expression, bool);
}
