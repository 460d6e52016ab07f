import type {
  CertificateSigningRequest,
  CertificateSigningRequestCondition,
} from '../../api/generated/certificates-v1.ts';
import type { Mutable } from '../../api/object.ts';
import { timestamp } from '../../machinery/timestamp.ts';
import { strategyFor } from '../strategy.ts';

/**
 * Requests for certificates (pkg/registry/certificates/certificates/strategy.go): who approves writes nothing but the
 * decision, and who signs cannot decide.
 */
export const certificateSigningRequestStrategy = strategyFor<CertificateSigningRequest>({
  prepareForStatusUpdate(request, old, { clock, subresource }) {
    const given = request.status?.conditions ?? [];
    const before = old.status?.conditions ?? [];
    const conditions =
      subresource === 'approval'
        ? given
        : [...before.filter(isDecision), ...given.filter((condition) => !isDecision(condition))];
    const now = timestamp(clock.now());
    const dated = conditions.map((condition): Mutable<CertificateSigningRequestCondition> => {
      const known = before.find(({ type }) => type === condition.type);
      return {
        ...condition,
        lastUpdateTime: condition.lastUpdateTime ?? now,
        lastTransitionTime: known?.lastTransitionTime ?? condition.lastTransitionTime ?? now,
      };
    });
    const certificate = (subresource === 'approval' ? old.status : request.status)?.certificate;
    request.status = {
      ...(certificate === undefined ? {} : { certificate }),
      ...(dated.length === 0 ? {} : { conditions: dated }),
    };
  },
});

function isDecision({ type }: CertificateSigningRequestCondition): boolean {
  return type === 'Approved' || type === 'Denied';
}
