/** What kubectl sent, and the object that it meant. */
interface SentAsProtobuf {
  /** Behind "kubectl". */
  readonly command: string;
  readonly path: string;
  readonly object: Readonly<Record<string, unknown>> & { readonly metadata: { readonly name: string; readonly labels?: Readonly<Record<string, string>> } };
  /** The body, in hexadecimal. */
  readonly body: string;
}

/**
 * Bodies of the real kubectl (1.32), noted as it sent them. They are Go's own encoding of the public API, so that
 * nothing in them comes from our facts. Empty fields that Go always writes are among them.
 */
export const sentByKubectl: readonly SentAsProtobuf[] = [
  {
    command: 'create deployment web --image=web:1 --replicas=2 --port=80',
    path: '/apis/apps/v1/namespaces/default/deployments',
    object: {
      metadata: { name: 'web', labels: { app: 'web' } },
      spec: {
        replicas: 2,
        selector: { matchLabels: { app: 'web' } },
        template: {
          metadata: { labels: { app: 'web' } },
          spec: { containers: [{ name: 'web', image: 'web:1', ports: [{ containerPort: 80 }] }] },
        },
      },
    },
    body: '6b3873000a150a07617070732f7631120a4465706c6f796d656e7412b6010a1f0a0377656212001a0022002a00320038' +
      '0042005a0a0a0361707012037765621284010802120c0a0a0a0361707012037765621a6a0a1c0a0012001a0022002a00' +
      '3200380042005a0a0a036170701203776562124a122c0a0377656212057765623a312a00320a0a001000185022002a00' +
      '42006a007200800100880100900100a201001a00320042004a0052005800600068008201008a01009a0100c201002202' +
      '0a00280038001a0c0800100018002000280038001a002200',
  },
  {
    command: 'create configmap settings --from-literal=a=1 --from-literal=b=',
    path: '/api/v1/namespaces/default/configmaps',
    object: { metadata: { name: 'settings' }, data: { a: '1', b: '' } },
    body: '6b3873000a0f0a0276311209436f6e6669674d617012290a180a0873657474696e677312001a0022002a003200380042' +
      '0012060a016112013112050a016212001a002200',
  },
  {
    command: 'create configmap bin --from-file=bin',
    path: '/api/v1/namespaces/default/configmaps',
    object: { metadata: { name: 'bin' }, binaryData: { bin: 'AP8BYmlu' } },
    body: '6b3873000a0f0a0276311209436f6e6669674d617012240a130a0362696e12001a0022002a003200380042001a0d0a03' +
      '62696e120600ff0162696e1a002200',
  },
  {
    command: 'create secret generic s --from-literal=k=v',
    path: '/api/v1/namespaces/default/secrets',
    object: { metadata: { name: 's' }, data: { k: 'dg==' } },
    body: '6b3873000a0c0a0276311206536563726574121d0a110a017312001a0022002a0032003800420012060a016b1201761a' +
      '001a002200',
  },
  {
    command: 'create poddisruptionbudget pdb --selector=app=web --max-unavailable=50%',
    path: '/apis/policy/v1/namespaces/default/poddisruptionbudgets',
    object: { metadata: { name: 'pdb' }, spec: { selector: { matchLabels: { app: 'web' } }, maxUnavailable: '50%' } },
    body: '6b3873000a200a09706f6c6963792f76311213506f6444697372757074696f6e427564676574123c0a130a0370646212' +
      '001a0022002a003200380042001219120c0a0a0a0361707012037765621a09080110001a033530251a0a080018002000' +
      '280030001a002200',
  },
  {
    command: 'create job j --image=web:1 -- run it',
    path: '/apis/batch/v1/namespaces/default/jobs',
    object: { metadata: { name: 'j' }, spec: { template: { spec: { containers: [{ name: 'j', image: 'web:1', command: ['run', 'it'] }], restartPolicy: 'Never' } } } },
    body: '6b3873000a0f0a0862617463682f763112034a6f62127f0a110a016a12001a0022002a003200380042001260325e0a10' +
      '0a0012001a0022002a00320038004200124a12270a016a12057765623a311a0372756e1a0269742a0042006a00720080' +
      '0100880100900100a201001a054e65766572320042004a0052005800600068008201008a01009a0100c201001a082000' +
      '280030003a001a002200',
  },
  {
    command: 'create service clusterip svc --tcp=80:8080',
    path: '/api/v1/namespaces/default/services',
    object: { metadata: { name: 'svc', labels: { app: 'svc' } }, spec: { ports: [{ name: '80-8080', protocol: 'TCP', port: 80, targetPort: 8080 }], selector: { app: 'svc' }, type: 'ClusterIP' } },
    body: '6b3873000a0d0a02763112075365727669636512690a1f0a0373766312001a0022002a003200380042005a0a0a036170' +
      '70120373766312420a1b0a0738302d38303830120354435018502207080010903f1a002800120a0a0361707012037376' +
      '631a002209436c757374657249503a00420052005a00600068001a020a001a002200',
  },
  {
    command: 'create quota q --hard=cpu=1500m,pods=3',
    path: '/api/v1/namespaces/default/resourcequotas',
    object: { metadata: { name: 'q' }, spec: { hard: { cpu: '1500m', pods: '3' } } },
    body: '6b3873000a130a027631120d5265736f7572636551756f746112340a110a017112001a0022002a00320038004200121d' +
      '0a0e0a0363707512070a05313530306d0a0b0a04706f647312030a01331a001a002200',
  },
  {
    command: 'create ingress i --rule="a.example.com/x*=svc:80"',
    path: '/apis/networking.k8s.io/v1/namespaces/default/ingresses',
    object: { metadata: { name: 'i' }, spec: { rules: [{ host: 'a.example.com', http: { paths: [{ path: '/x', pathType: 'Prefix', backend: { service: { name: 'svc', port: { number: 80 } } } }] } }] } },
    body: '6b3873000a1f0a146e6574776f726b696e672e6b38732e696f2f76311207496e6772657373124b0a110a016912001a00' +
      '22002a0032003800420012321a300a0d612e6578616d706c652e636f6d121f0a1d0a1b0a022f78120d220b0a03737663' +
      '12040a0010501a065072656669781a020a001a002200',
  },
];
