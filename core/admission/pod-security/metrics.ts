import { kubernetesVersion } from '../../api/schema/facts.ts';
import { Counter } from '../../machinery/metrics/metrics.ts';
import type { MetricFamily } from '../../machinery/metrics/metrics.ts';
import type { AdmissionRequest } from '../chain.ts';
import type { LevelVersion, Mode } from './policy.ts';

const newestMinor = Number(/^v?1\.(\d+)/.exec(kubernetesVersion)?.[1] ?? Number.POSITIVE_INFINITY);

/** How often Pods were looked at and what came of it, under upstream's names (pod-security-admission/metrics). */
export class PodSecurityMetrics {
  readonly #evaluations = new Counter('pod_security_evaluations_total', 'Pods and templates looked at.', [
    'decision',
    'policy_level',
    'policy_version',
    'mode',
    'request_operation',
    'resource',
    'subresource',
  ]);
  readonly #exemptions = new Counter('pod_security_exemptions_total', 'Requests that were not looked at.', [
    'request_operation',
    'resource',
    'subresource',
  ]);
  readonly #errors = new Counter(
    'pod_security_errors_total',
    'Requests for which a policy could not be found or read.',
    ['fatal', 'request_operation', 'resource', 'subresource'],
  );

  get families(): readonly MetricFamily[] {
    return [this.#evaluations, this.#exemptions, this.#errors];
  }

  evaluated(
    request: AdmissionRequest,
    mode: Mode,
    { level, minor }: LevelVersion,
    decision: 'allow' | 'deny',
  ): void {
    const isLatest = minor === Infinity || level === 'privileged';
    const version = isLatest ? 'latest' : minor > newestMinor ? 'future' : `v1.${minor}`;
    this.#evaluations.of(decision, level, version, mode, ...labelsOf(request)).value++;
  }

  exempted(request: AdmissionRequest): void {
    this.#exemptions.of(...labelsOf(request)).value++;
  }

  failed(request: AdmissionRequest, isFatal: boolean): void {
    this.#errors.of(String(isFatal), ...labelsOf(request)).value++;
  }
}

function labelsOf({ operation, declaration, subresource }: AdmissionRequest): readonly string[] {
  const resource =
    declaration.plural === 'pods' ? 'pod' : declaration.plural === 'namespaces' ? 'namespace' : 'controller';
  return [operation.toLowerCase(), resource, subresource];
}
