import type {
  MutatingWebhookConfiguration,
  ValidatingWebhookConfiguration,
  MutatingWebhook,
  ValidatingWebhook,
} from '../../api/generated/admissionregistration-v1.ts';
import { CelCompileError, compileMatchCondition } from '../../cel/index.ts';
import type { CelProgram } from '../../cel/index.ts';
import { matcher } from '../matching.ts';
import type { Matcher } from '../matching.ts';

/** One webhook of a configuration, made ready when the configuration was read. */
export interface Hook {
  readonly configuration: string;
  readonly webhook: ValidatingWebhook & Pick<MutatingWebhook, 'reinvocationPolicy'>;
  readonly matcher: Matcher;
  readonly conditions: readonly MatchProgram[];
}

export interface MatchProgram {
  readonly name: string;
  readonly expression: string;
  /** Text: why the expression cannot be compiled. */
  readonly program: CelProgram | string;
}

/** All webhooks, in the order in which they are called: by the names of configurations, then as written there. */
export function hooksOf(
  configurations: readonly (MutatingWebhookConfiguration | ValidatingWebhookConfiguration)[],
): readonly Hook[] {
  return configurations.flatMap(({ metadata, webhooks = [] }) =>
    webhooks.map((webhook) => {
      const { rules = [], namespaceSelector, objectSelector, matchPolicy, matchConditions = [] } = webhook;
      return {
        configuration: metadata.name ?? '',
        webhook,
        matcher: matcher({ rules, namespaceSelector, objectSelector, matchPolicy }),
        conditions: matchConditions.map(({ name, expression }) => ({
          name,
          expression,
          program: compiled(() => compileMatchCondition(expression)),
        })),
      };
    }),
  );
}

/** What was stored before expressions were checked may not compile. */
export function compiled(compile: () => CelProgram): CelProgram | string {
  try {
    return compile();
  } catch (error) {
    if (error instanceof CelCompileError) return error.message;
    throw error;
  }
}
