import { conflict, invalid } from '../../../api/errors.ts';
import type { TokenRequest } from '../../../api/generated/authentication-v1.ts';
import type { KubernetesObject } from '../../../api/object.ts';
import { objectSchemaOf } from '../../../api/schema/schemas.ts';
import { invalidValue } from '../../../api/validation/field-errors.ts';
import { FieldPath } from '../../../api/validation/field-path.ts';
import type { Encoded } from '../../../api/verbs.ts';
import { nodeNameOf } from '../../authz/node.ts';
import { defaultTokenSeconds, serviceAccountIssuer } from '../../authn/service-account-tokens.ts';
import type { ServiceAccountTokens } from '../../authn/service-account-tokens.ts';
import type { KindToRead } from '../body.ts';
import { PlainObject } from '../plain-object.ts';
import type { SubresourceCreate, SubresourceHandler } from './subresource.ts';

const kind: KindToRead = {
  group: 'authentication.k8s.io',
  version: 'v1',
  kind: 'TokenRequest',
  get schema() {
    return objectSchemaOf('authentication/v1.TokenRequest');
  },
};

/** serviceaccounts/token: answered, never kept (pkg/registry/core/serviceaccount/storage/token.go). */
export function tokenSubresource(tokens: ServiceAccountTokens): SubresourceHandler {
  return {
    kind,
    async create({ call, endpoint, target, body }: SubresourceCreate): Promise<Encoded> {
      checkName(body, target.name);
      const node = call.user === undefined ? undefined : nodeNameOf(call.user);
      const account = await endpoint.store.get(target.namespace, target.name, {}, call.signal);
      checkUid(body, account.object);
      const request = completed(body as TokenRequest, target.name);
      const status = await tokens.issue(account.object, request, { node, signal: call.signal });
      return new PlainObject({ ...request, status } as KubernetesObject);
    },
  };
}

/** With what the server decides where the client leaves it open. */
function completed(request: TokenRequest, name: string): TokenRequest {
  const { audiences = [], expirationSeconds = defaultTokenSeconds } = request.spec;
  return {
    ...request,
    metadata: { ...request.metadata, name },
    spec: {
      ...request.spec,
      audiences: audiences.length === 0 ? [serviceAccountIssuer] : audiences,
      expirationSeconds,
    },
  };
}

function checkName({ metadata }: KubernetesObject, account: string): void {
  const { name = account } = metadata;
  if (name !== account)
    throw invalid(kind, account, [
      invalidValue(
        FieldPath.metadata.child('name'),
        name,
        'must match the service account name if specified',
      ),
    ]);
}

function checkUid({ metadata: { uid } }: KubernetesObject, account: KubernetesObject): void {
  const { name = '', uid: actual } = account.metadata;
  if (uid !== undefined && uid !== actual)
    throw conflict(
      { group: kind.group, plural: kind.kind },
      name,
      `the UID in the token request (${uid}) does not match the UID of the service account (${actual})`,
    );
}
