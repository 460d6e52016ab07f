/** What binding and eviction answer: upstream's Status. */
export const success = { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code: 201 };
