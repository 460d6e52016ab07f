/**
 * Upstream's default cluster roles of 1.36 with every feature gate on, without those of its controllers
 * (bootstrappolicy/policy.go, testdata/cluster-roles-featuregates.yaml). A line is "groups: resources: verbs", or with
 * "urls" for the groups "urls: paths: verbs"; names that it is limited to follow a fourth colon.
 */
export const upstreamRoles: Readonly<Record<string, string>> = {
  'cluster-admin': `
    *: *: *
    urls: *: *`,
  admin: '',
  edit: '',
  view: '',
  'system:aggregate-to-admin': `
    authorization.k8s.io: localsubjectaccessreviews: create
    rbac.authorization.k8s.io: rolebindings roles: create delete deletecollection get list patch update watch`,
  'system:aggregate-to-edit': `
    core: pods/attach pods/exec pods/portforward pods/proxy secrets services/proxy: get list watch
    core: serviceaccounts: impersonate
    core: pods pods/attach pods/exec pods/portforward pods/proxy: create delete deletecollection patch update
    core: pods/eviction serviceaccounts/token: create
    core: configmaps events persistentvolumeclaims secrets serviceaccounts: create delete deletecollection patch update
    core: replicationcontrollers replicationcontrollers/scale: create delete deletecollection patch update
    core: services services/proxy: create delete deletecollection patch update
    apps: daemonsets deployments deployments/rollback: create delete deletecollection patch update
    apps: deployments/scale replicasets replicasets/scale: create delete deletecollection patch update
    apps: statefulsets statefulsets/scale: create delete deletecollection patch update
    autoscaling: horizontalpodautoscalers: create delete deletecollection patch update
    batch: cronjobs jobs: create delete deletecollection patch update
    extensions: daemonsets deployments deployments/rollback: create delete deletecollection patch update
    extensions: deployments/scale ingresses networkpolicies: create delete deletecollection patch update
    extensions: replicasets replicasets/scale: create delete deletecollection patch update
    extensions: replicationcontrollers/scale: create delete deletecollection patch update
    policy: poddisruptionbudgets: create delete deletecollection patch update
    networking.k8s.io: ingresses networkpolicies: create delete deletecollection patch update
    coordination.k8s.io: leases: create delete deletecollection get list patch update watch
    resource.k8s.io: resourceclaims resourceclaimtemplates: create delete deletecollection patch update`,
  'system:aggregate-to-view': `
    core: configmaps endpoints persistentvolumeclaims persistentvolumeclaims/status pods: get list watch
    core: replicationcontrollers replicationcontrollers/scale serviceaccounts services services/status: get list watch
    core: bindings events limitranges namespaces/status pods/log pods/status: get list watch
    core: replicationcontrollers/status resourcequotas resourcequotas/status namespaces: get list watch
    discovery.k8s.io: endpointslices: get list watch
    apps: controllerrevisions daemonsets daemonsets/status: get list watch
    apps: deployments deployments/scale deployments/status: get list watch
    apps: replicasets replicasets/scale replicasets/status: get list watch
    apps: statefulsets statefulsets/scale statefulsets/status: get list watch
    autoscaling: horizontalpodautoscalers horizontalpodautoscalers/status: get list watch
    batch: cronjobs cronjobs/status jobs jobs/status: get list watch
    extensions: daemonsets daemonsets/status deployments deployments/scale deployments/status: get list watch
    extensions: ingresses ingresses/status networkpolicies: get list watch
    extensions: replicasets replicasets/scale replicasets/status replicationcontrollers/scale: get list watch
    policy: poddisruptionbudgets poddisruptionbudgets/status: get list watch
    networking.k8s.io: ingresses ingresses/status networkpolicies: get list watch
    resource.k8s.io: resourceclaims resourceclaims/status resourceclaimtemplates: get list watch`,
  'system:basic-user': `
    authorization.k8s.io: selfsubjectaccessreviews selfsubjectrulesreviews: create
    authentication.k8s.io: selfsubjectreviews: create`,
  'system:discovery': `
    urls: /api /api/* /apis /apis/* /healthz /livez /openapi /openapi/* /readyz /version /version/: get`,
  'system:public-info-viewer': `
    urls: /healthz /livez /readyz /version /version/: get`,
  'system:service-account-issuer-discovery': `
    urls: /.well-known/openid-configuration /.well-known/openid-configuration/: get
    urls: /openid/v1/jwks /openid/v1/jwks/: get`,
  'system:monitoring': `
    urls: /healthz /healthz/* /livez /livez/* /metrics /metrics/slis /readyz /readyz/* /flagz /statusz: get
    core: nodes/metrics: get`,
  'system:auth-delegator': `
    authentication.k8s.io: tokenreviews: create
    authorization.k8s.io: subjectaccessreviews: create`,
  'system:cluster-trust-bundle-discovery': `
    certificates.k8s.io: clustertrustbundles: get list watch`,
  'system:heapster': `
    core: events namespaces nodes pods: get list watch
    extensions: deployments: get list watch`,
  'system:kube-controller-manager': `
    core,events.k8s.io: events: create patch update
    coordination.k8s.io: leases: create
    coordination.k8s.io: leases: get update: kube-controller-manager
    core: secrets serviceaccounts: create update
    core: secrets: delete
    core: configmaps namespaces secrets serviceaccounts: get
    authentication.k8s.io: tokenreviews: create
    authorization.k8s.io: subjectaccessreviews: create
    *: *: list watch
    core: serviceaccounts/token: create`,
  'system:kube-scheduler': `
    core,events.k8s.io: events: create patch update
    coordination.k8s.io: leases: create
    coordination.k8s.io: leases: get list update watch: kube-scheduler
    coordination.k8s.io: leasecandidates: create delete deletecollection get list patch update watch
    core: nodes namespaces: get list watch
    core: pods: delete get list watch
    core: bindings pods/binding: create
    core: pods/status: patch update
    core: replicationcontrollers services persistentvolumeclaims persistentvolumes: get list watch
    apps,extensions: replicasets: get list watch
    apps: statefulsets: get list watch
    policy: poddisruptionbudgets: get list watch
    authentication.k8s.io: tokenreviews: create
    authorization.k8s.io: subjectaccessreviews: create
    storage.k8s.io: csinodes volumeattachments csidrivers csistoragecapacities: get list watch
    resource.k8s.io: deviceclasses resourceslices devicetaintrules: get list watch
    resource.k8s.io: resourceclaims: create delete get list patch update watch
    resource.k8s.io: resourceclaims/status: get list patch update watch
    core: pods/finalizers: get list patch update watch`,
  'system:volume-scheduler': `
    core: persistentvolumes persistentvolumeclaims: get list patch update watch
    storage.k8s.io: storageclasses: get list watch`,
  'system:node': `
    authentication.k8s.io: tokenreviews: create
    authorization.k8s.io: localsubjectaccessreviews subjectaccessreviews: create
    core: services: get list watch
    core: nodes: create get list patch update watch
    core: nodes/status pods/status: patch update
    core: events: create patch update
    core: pods: create delete get list watch
    core: pods/eviction serviceaccounts/token: create
    core: configmaps secrets: get list watch
    core: persistentvolumeclaims persistentvolumes endpoints serviceaccounts: get
    core: persistentvolumeclaims/status: get patch update
    certificates.k8s.io: certificatesigningrequests: create get list watch
    coordination.k8s.io: leases: create delete get patch update
    storage.k8s.io: volumeattachments: get
    storage.k8s.io: csidrivers: get list watch
    storage.k8s.io: csinodes: create delete get patch update
    node.k8s.io: runtimeclasses: get list watch
    resource.k8s.io: resourceclaims: get
    resource.k8s.io: resourceslices: deletecollection
    certificates.k8s.io: clustertrustbundles: get list watch
    certificates.k8s.io: podcertificaterequests: create get list watch`,
  'system:node-bootstrapper': `
    certificates.k8s.io: certificatesigningrequests: create get list watch`,
  'system:node-problem-detector': `
    core: nodes: get
    core: nodes/status: patch
    core,events.k8s.io: events: create patch update`,
  'system:node-proxier': `
    core: endpoints services: list watch
    core: nodes: get list watch
    core,events.k8s.io: events: create patch update
    networking.k8s.io: servicecidrs: list watch
    discovery.k8s.io: endpointslices: list watch`,
  'system:kubelet-api-admin': `
    core: nodes: get list watch proxy
    core: nodes/log nodes/metrics nodes/proxy nodes/stats nodes/configz nodes/healthz nodes/pods: *`,
  'system:kube-aggregator': `
    core: endpoints services: get list watch`,
  'system:kube-dns': `
    core: endpoints services: list watch`,
  'system:persistent-volume-provisioner': `
    core: persistentvolumes: create delete get list watch
    core: persistentvolumeclaims: get list update watch
    storage.k8s.io: storageclasses: get list watch
    core,events.k8s.io: events: create patch update
    core: events: watch`,
  'system:certificates.k8s.io:certificatesigningrequests:nodeclient': `
    certificates.k8s.io: certificatesigningrequests/nodeclient: create`,
  'system:certificates.k8s.io:certificatesigningrequests:selfnodeclient': `
    certificates.k8s.io: certificatesigningrequests/selfnodeclient: create`,
  'system:certificates.k8s.io:kube-apiserver-client-approver': `
    certificates.k8s.io: signers: approve: kubernetes.io/kube-apiserver-client`,
  'system:certificates.k8s.io:kube-apiserver-client-kubelet-approver': `
    certificates.k8s.io: signers: approve: kubernetes.io/kube-apiserver-client-kubelet`,
  'system:certificates.k8s.io:kubelet-serving-approver': `
    certificates.k8s.io: signers: approve: kubernetes.io/kubelet-serving`,
  'system:certificates.k8s.io:legacy-unknown-approver': `
    certificates.k8s.io: signers: approve: kubernetes.io/legacy-unknown`,
};
