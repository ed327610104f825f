"""What the API says each field is: the fields that anything here reads, by model, as the API's reference names them.

A line is `Model: field type, ...`. A type is another model, `[…]` a list, `{…}` a map whose keys somebody chose, or
plain: text; flag (true or false); count (0 to 2^31-1); number (64 bits); amount (a quantity: `500m`, `1Gi`); either (a
count or a text, as a port or a percentage); time (RFC 3339). Kubernetes 1.36, Gateway API 1.4; that the types are the
API's own is held by tests/unit/test_object_shape.py. Secrets are as tools/cluster.py lists them, without data.
"""

MODELS = """
Pod: metadata ObjectMeta, spec PodSpec, status PodStatus
ObjectMeta: annotations {text}, creationTimestamp time, deletionGracePeriodSeconds number, deletionTimestamp time,
    finalizers [text], generateName text, generation number, labels {text}, name text, namespace text,
    ownerReferences [OwnerReference], uid text
OwnerReference: controller flag, kind text, name text, uid text
PodSpec: activeDeadlineSeconds number, affinity Affinity, automountServiceAccountToken flag, containers [Container],
    dnsConfig PodDNSConfig, dnsPolicy text, enableServiceLinks flag, ephemeralContainers [Container],
    hostAliases [HostAlias], hostIPC flag, hostNetwork flag, hostPID flag, hostname text,
    imagePullSecrets [LocalObjectReference], initContainers [Container], nodeName text, nodeSelector {text}, os PodOS,
    overhead {amount}, preemptionPolicy text, priority number, priorityClassName text, resources ResourceRequirements,
    restartPolicy text, runtimeClassName text, schedulerName text, schedulingGates [PodSchedulingGate],
    securityContext PodSecurityContext, serviceAccount text, serviceAccountName text,
    terminationGracePeriodSeconds number, tolerations [Toleration],
    topologySpreadConstraints [TopologySpreadConstraint], volumes [Volume]
Affinity: nodeAffinity NodeAffinity, podAffinity PodAffinity, podAntiAffinity PodAntiAffinity
NodeAffinity: requiredDuringSchedulingIgnoredDuringExecution NodeSelector
NodeSelector: nodeSelectorTerms [NodeSelectorTerm]
NodeSelectorTerm: matchExpressions [NodeSelectorRequirement], matchFields [NodeSelectorRequirement]
NodeSelectorRequirement: key text, operator text, values [text]
PodAffinity: requiredDuringSchedulingIgnoredDuringExecution [PodAffinityTerm]
PodAffinityTerm: labelSelector LabelSelector, matchLabelKeys [text], namespaceSelector LabelSelector,
    namespaces [text], topologyKey text
LabelSelector: matchExpressions [LabelSelectorRequirement], matchLabels {text}
LabelSelectorRequirement: key text, operator text, values [text]
PodAntiAffinity: requiredDuringSchedulingIgnoredDuringExecution [PodAffinityTerm]
Container: args [text], command [text], env [EnvVar], envFrom [EnvFromSource], image text, imagePullPolicy text,
    lifecycle Lifecycle, livenessProbe Probe, name text, ports [ContainerPort], readinessProbe Probe,
    resources ResourceRequirements, restartPolicy text, securityContext SecurityContext, startupProbe Probe,
    stdin flag, terminationMessagePath text, terminationMessagePolicy text, tty flag, volumeDevices [VolumeDevice],
    volumeMounts [VolumeMount], workingDir text
EnvVar: name text, value text, valueFrom EnvVarSource
EnvVarSource: configMapKeyRef ConfigMapKeySelector, fieldRef ObjectFieldSelector,
    resourceFieldRef ResourceFieldSelector, secretKeyRef SecretKeySelector
ConfigMapKeySelector: key text, name text, optional flag
ObjectFieldSelector: fieldPath text
ResourceFieldSelector: divisor amount, resource text
SecretKeySelector: key text, name text, optional flag
EnvFromSource: configMapRef ConfigMapEnvSource, prefix text, secretRef SecretEnvSource
ConfigMapEnvSource: name text, optional flag
SecretEnvSource: name text, optional flag
Lifecycle: postStart LifecycleHandler, preStop LifecycleHandler
LifecycleHandler: exec ExecAction, httpGet HTTPGetAction, sleep SleepAction, tcpSocket TCPSocketAction
ExecAction: command [text]
HTTPGetAction: host text, httpHeaders [HTTPHeader], path text, port either, protocol text, scheme text
HTTPHeader: name text, value text
SleepAction: seconds number
TCPSocketAction: host text, port either
Probe: exec ExecAction, failureThreshold count, grpc GRPCAction, httpGet HTTPGetAction, initialDelaySeconds count,
    periodSeconds count, successThreshold count, tcpSocket TCPSocketAction, terminationGracePeriodSeconds number,
    timeoutSeconds count
GRPCAction: mode text, port count, service text
ContainerPort: containerPort count, hostIP text, hostPort count, name text, protocol text
ResourceRequirements: claims [ResourceClaim], limits {amount}, requests {amount}
ResourceClaim: name text, request text
SecurityContext: allowPrivilegeEscalation flag, capabilities Capabilities, privileged flag,
    readOnlyRootFilesystem flag, runAsNonRoot flag, runAsUser number, seccompProfile SeccompProfile
Capabilities: add [text], drop [text]
SeccompProfile: type text
VolumeDevice: devicePath text, name text
VolumeMount: mountPath text, name text, readOnly flag, subPath text
PodDNSConfig: nameservers [text], options [PodDNSConfigOption]
PodDNSConfigOption: name text, value text
HostAlias: ip text
LocalObjectReference: name text
PodOS: name text
PodSchedulingGate: name text
PodSecurityContext: fsGroup number, fsGroupChangePolicy text, runAsNonRoot flag, runAsUser number,
    seccompProfile SeccompProfile
Toleration: effect text, key text, operator text, tolerationSeconds number, value text
TopologySpreadConstraint: labelSelector LabelSelector, matchLabelKeys [text], maxSkew count, minDomains count,
    topologyKey text, whenUnsatisfiable text
Volume: configMap ConfigMapVolumeSource, csi CSIVolumeSource, downwardAPI DownwardAPIVolumeSource,
    emptyDir EmptyDirVolumeSource, hostPath HostPathVolumeSource, image ImageVolumeSource, name text,
    nfs NFSVolumeSource, persistentVolumeClaim PersistentVolumeClaimVolumeSource, projected ProjectedVolumeSource,
    secret SecretVolumeSource
ConfigMapVolumeSource: defaultMode number, items [KeyToPath], name text, optional flag
KeyToPath: key text, mode number, path text, user number
CSIVolumeSource: driver text, readOnly flag
DownwardAPIVolumeSource: defaultMode number, items [DownwardAPIVolumeFile]
DownwardAPIVolumeFile: fieldRef ObjectFieldSelector, mode number, path text, resourceFieldRef ResourceFieldSelector,
    user number
EmptyDirVolumeSource: mode number, sizeLimit amount
HostPathVolumeSource: path text, type text
ImageVolumeSource: pullPolicy text, reference text
NFSVolumeSource: path text, readOnly flag, server text
PersistentVolumeClaimVolumeSource: claimName text, readOnly flag
ProjectedVolumeSource: defaultMode number, sources [VolumeProjection]
VolumeProjection: configMap ConfigMapProjection, downwardAPI DownwardAPIProjection, secret SecretProjection
ConfigMapProjection: items [KeyToPath], name text, optional flag
DownwardAPIProjection: items [DownwardAPIVolumeFile]
SecretProjection: items [KeyToPath], name text, optional flag
SecretVolumeSource: defaultMode number, items [KeyToPath], optional flag, secretName text
PodStatus: conditions [Condition], containerStatuses [ContainerStatus], ephemeralContainerStatuses [ContainerStatus],
    hostIP text, initContainerStatuses [ContainerStatus], message text, observedGeneration number, phase text,
    podIP text, reason text, resize text, resources ResourceRequirements, startTime time
Condition: lastTransitionTime time, message text, observedGeneration number, reason text, status text, type text
ContainerStatus: containerID text, image text, lastState ContainerState, name text, ready flag,
    resources ResourceRequirements, restartCount count, started flag, state ContainerState,
    volumeMounts [VolumeMountStatus]
ContainerState: running ContainerStateRunning, terminated ContainerStateTerminated, waiting ContainerStateWaiting
ContainerStateRunning: startedAt time
ContainerStateTerminated: containerID text, exitCode number, finishedAt time, message text, reason text,
    signal number, startedAt time
ContainerStateWaiting: message text, reason text
VolumeMountStatus: mountPath text, name text, readOnly flag
Event: action text, count count, eventTime time, firstTimestamp time, involvedObject ObjectReference,
    lastTimestamp time, message text, metadata ObjectMeta, reason text, related ObjectReference, series EventSeries,
    source EventSource, type text
ObjectReference: fieldPath text, kind text, name text, namespace text, uid text
EventSeries: count count, lastObservedTime time
EventSource: component text, host text
ReplicaSet: metadata ObjectMeta, spec ReplicaSetSpec, status ReplicaSetStatus
ReplicaSetSpec: minReadySeconds count, replicas count, selector LabelSelector, template PodTemplateSpec
PodTemplateSpec: metadata ObjectMeta, spec PodSpec
ReplicaSetStatus: availableReplicas count, conditions [Condition], observedGeneration number, readyReplicas count,
    replicas count
Service: metadata ObjectMeta, spec ServiceSpec, status ServiceStatus
ServiceSpec: allocateLoadBalancerNodePorts flag, clusterIP text, clusterIPs [text], externalIPs [text],
    externalName text, externalTrafficPolicy text, healthCheckNodePort count, internalTrafficPolicy text,
    ports [ServicePort], publishNotReadyAddresses flag, selector {text}, sessionAffinity text, type text
ServicePort: name text, nodePort count, port count, protocol text, targetPort either
ServiceStatus: conditions [Condition], loadBalancer LoadBalancerStatus
LoadBalancerStatus: ingress [LoadBalancerIngress]
LoadBalancerIngress: hostname text, ip text, ports [PortStatus]
PortStatus: error text, port count, protocol text
EndpointSlice: endpoints [Endpoint], metadata ObjectMeta, ports [EndpointPort]
Endpoint: addresses [text], conditions EndpointConditions, hostname text, nodeName text, targetRef ObjectReference,
    zone text
EndpointConditions: ready flag, serving flag, terminating flag
EndpointPort: name text, port count, protocol text
Deployment: metadata ObjectMeta, spec DeploymentSpec, status DeploymentStatus
DeploymentSpec: minReadySeconds count, paused flag, progressDeadlineSeconds count, replicas count,
    revisionHistoryLimit count, selector LabelSelector, strategy DeploymentStrategy, template PodTemplateSpec
DeploymentStrategy: rollingUpdate RollingUpdateDeployment, type text
RollingUpdateDeployment: maxSurge either, maxUnavailable either
DeploymentStatus: availableReplicas count, conditions [Condition], observedGeneration number, readyReplicas count,
    replicas count, unavailableReplicas count, updatedReplicas count
StatefulSet: metadata ObjectMeta, spec StatefulSetSpec, status StatefulSetStatus
StatefulSetSpec: minReadySeconds count, ordinals StatefulSetOrdinals, podManagementPolicy text, replicas count,
    revisionHistoryLimit count, selector LabelSelector, serviceName text, template PodTemplateSpec,
    updateStrategy StatefulSetUpdateStrategy, volumeClaimTemplates [PersistentVolumeClaim]
StatefulSetOrdinals: start count
StatefulSetUpdateStrategy: rollingUpdate RollingUpdateStatefulSetStrategy, type text
RollingUpdateStatefulSetStrategy: maxUnavailable either, partition number
PersistentVolumeClaim: kind text, metadata ObjectMeta, spec PersistentVolumeClaimSpec,
    status PersistentVolumeClaimStatus
PersistentVolumeClaimSpec: accessModes [text], resources VolumeResourceRequirements, selector LabelSelector,
    storageClassName text, volumeMode text, volumeName text
VolumeResourceRequirements: limits {amount}, requests {amount}
PersistentVolumeClaimStatus: accessModes [text], allocatedResourceStatuses {text}, capacity {amount},
    conditions [Condition], phase text
StatefulSetStatus: availableReplicas count, conditions [Condition], currentReplicas count, currentRevision text,
    observedGeneration number, readyReplicas count, replicas count, updateRevision text, updatedReplicas count
DaemonSet: metadata ObjectMeta, spec DaemonSetSpec, status DaemonSetStatus
DaemonSetSpec: minReadySeconds count, revisionHistoryLimit count, selector LabelSelector, template PodTemplateSpec,
    updateStrategy DaemonSetUpdateStrategy
DaemonSetUpdateStrategy: rollingUpdate RollingUpdateDaemonSet, type text
RollingUpdateDaemonSet: maxSurge either, maxUnavailable either
DaemonSetStatus: conditions [Condition], currentNumberScheduled count, desiredNumberScheduled count,
    numberAvailable count, numberReady count, numberUnavailable count, observedGeneration number,
    updatedNumberScheduled count
Job: metadata ObjectMeta, spec JobSpec, status JobStatus
JobSpec: activeDeadlineSeconds number, backoffLimit count, completionMode text, completions count,
    manualSelector flag, parallelism count, podReplacementPolicy text, selector LabelSelector, suspend flag,
    template PodTemplateSpec
JobStatus: active count, completionTime time, conditions [Condition], failed count, ready count, startTime time,
    succeeded count, terminating count
CronJob: metadata ObjectMeta, spec CronJobSpec, status CronJobStatus
CronJobSpec: concurrencyPolicy text, failedJobsHistoryLimit count, jobTemplate JobTemplateSpec, schedule text,
    startingDeadlineSeconds number, successfulJobsHistoryLimit count, suspend flag, timeZone text
JobTemplateSpec: metadata ObjectMeta, spec JobSpec
CronJobStatus: active [ObjectReference], lastScheduleTime time, lastSuccessfulTime time
ConfigMap: binaryData {text}, data {text}, immutable flag, metadata ObjectMeta
Secret: metadata ObjectMeta, type text, keys count
ServiceAccount: automountServiceAccountToken flag, imagePullSecrets [LocalObjectReference], metadata ObjectMeta,
    secrets [ObjectReference]
HorizontalPodAutoscaler: metadata ObjectMeta, spec HorizontalPodAutoscalerSpec, status HorizontalPodAutoscalerStatus
HorizontalPodAutoscalerSpec: behavior HorizontalPodAutoscalerBehavior, maxReplicas count, metrics [MetricSpec],
    minReplicas count, scaleTargetRef CrossVersionObjectReference
HorizontalPodAutoscalerBehavior: scaleDown HPAScalingRules, scaleUp HPAScalingRules
HPAScalingRules: policies [HPAScalingPolicy], selectPolicy text, stabilizationWindowSeconds count, tolerance text
HPAScalingPolicy: periodSeconds count, type text, value number
MetricSpec: containerResource ContainerResourceMetricSource, external ExternalMetricSource, object ObjectMetricSource,
    pods PodsMetricSource, resource ResourceMetricSource, type text
ContainerResourceMetricSource: container text, name text, target MetricTarget
MetricTarget: averageUtilization count, averageValue amount, type text, value amount
ExternalMetricSource: metric MetricIdentifier, target MetricTarget
MetricIdentifier: name text, selector LabelSelector
ObjectMetricSource: metric MetricIdentifier, target MetricTarget
PodsMetricSource: metric MetricIdentifier, target MetricTarget
ResourceMetricSource: name text, target MetricTarget
CrossVersionObjectReference: kind text, name text
HorizontalPodAutoscalerStatus: conditions [Condition], currentMetrics [MetricStatus], currentReplicas count,
    desiredReplicas count, lastScaleTime time, observedGeneration number
MetricStatus: containerResource ContainerResourceMetricStatus, external ExternalMetricStatus,
    object ObjectMetricStatus, pods PodsMetricStatus, resource ResourceMetricStatus, type text
ContainerResourceMetricStatus: container text, current MetricValueStatus, name text
MetricValueStatus: averageUtilization count, averageValue amount, value amount
ExternalMetricStatus: current MetricValueStatus, metric MetricIdentifier
ObjectMetricStatus: current MetricValueStatus, metric MetricIdentifier
PodsMetricStatus: current MetricValueStatus, metric MetricIdentifier
ResourceMetricStatus: current MetricValueStatus, name text
PodDisruptionBudget: metadata ObjectMeta, spec PodDisruptionBudgetSpec, status PodDisruptionBudgetStatus
PodDisruptionBudgetSpec: maxUnavailable either, minAvailable either, selector LabelSelector,
    unhealthyPodEvictionPolicy text
PodDisruptionBudgetStatus: conditions [Condition], currentHealthy count, desiredHealthy count,
    disruptionsAllowed count, expectedPods count, observedGeneration number
Ingress: metadata ObjectMeta, spec IngressSpec, status IngressStatus
IngressSpec: defaultBackend IngressBackend, ingressClassName text, rules [IngressRule], tls [IngressTLS]
IngressBackend: resource TypedLocalObjectReference, service IngressServiceBackend
TypedLocalObjectReference: apiGroup text, kind text, name text
IngressServiceBackend: name text, port ServiceBackendPort
ServiceBackendPort: name text, number count
IngressRule: host text, http HTTPIngressRuleValue
HTTPIngressRuleValue: paths [HTTPIngressPath]
HTTPIngressPath: backend IngressBackend, path text, pathType text
IngressTLS: hosts [text], secretName text
IngressStatus: loadBalancer IngressLoadBalancerStatus
IngressLoadBalancerStatus: ingress [IngressLoadBalancerIngress]
IngressLoadBalancerIngress: hostname text, ip text, ports [IngressPortStatus]
IngressPortStatus: error text, port count, protocol text
NetworkPolicy: metadata ObjectMeta, spec NetworkPolicySpec
NetworkPolicySpec: egress [NetworkPolicyEgressRule], ingress [NetworkPolicyIngressRule], podSelector LabelSelector,
    policyTypes [text]
NetworkPolicyEgressRule: ports [NetworkPolicyPort], to [NetworkPolicyPeer]
NetworkPolicyPort: endPort count, port either, protocol text
NetworkPolicyPeer: ipBlock IPBlock, namespaceSelector LabelSelector, podSelector LabelSelector
IPBlock: cidr text, except [text]
NetworkPolicyIngressRule: from [NetworkPolicyPeer], ports [NetworkPolicyPort]
ResourceQuota: metadata ObjectMeta, spec ResourceQuotaSpec, status ResourceQuotaStatus
ResourceQuotaSpec: hard {amount}, scopeSelector ScopeSelector, scopes [text]
ScopeSelector: matchExpressions [ScopedResourceSelectorRequirement]
ScopedResourceSelectorRequirement: operator text, scopeName text, values [text]
ResourceQuotaStatus: hard {amount}, used {amount}
LimitRange: metadata ObjectMeta, spec LimitRangeSpec
LimitRangeSpec: limits [LimitRangeItem]
LimitRangeItem: default {amount}, defaultRequest {amount}, max {amount}, maxLimitRequestRatio {text}, min {amount},
    type text
Node: metadata ObjectMeta, spec NodeSpec, status NodeStatus
NodeSpec: providerID text, taints [Taint], unschedulable flag
Taint: effect text, key text, value text
NodeStatus: addresses [NodeAddress], allocatable {amount}, capacity {amount}, conditions [Condition],
    config NodeConfigStatus, daemonEndpoints NodeDaemonEndpoints, images [ContainerImage], nodeInfo NodeSystemInfo,
    phase text
NodeAddress: address text, type text
NodeDaemonEndpoints: kubeletEndpoint DaemonEndpoint
DaemonEndpoint: Port count
NodeConfigStatus: active NodeConfigSource, error text
NodeConfigSource: configMap ConfigMapNodeConfigSource
ConfigMapNodeConfigSource: name text, namespace text, uid text
ContainerImage: names [text]
NodeSystemInfo: architecture text
Namespace: metadata ObjectMeta, spec NamespaceSpec, status NamespaceStatus
NamespaceSpec: finalizers [text]
NamespaceStatus: conditions [Condition], phase text
PersistentVolume: metadata ObjectMeta, spec PersistentVolumeSpec, status PersistentVolumeStatus
PersistentVolumeSpec: accessModes [text], capacity {amount}, claimRef ObjectReference, csi CSIPersistentVolumeSource,
    hostPath HostPathVolumeSource, local LocalVolumeSource, nfs NFSVolumeSource, nodeAffinity VolumeNodeAffinity,
    storageClassName text, volumeMode text
CSIPersistentVolumeSource: driver text, readOnly flag
LocalVolumeSource: path text
VolumeNodeAffinity: required NodeSelector
PersistentVolumeStatus: message text, phase text, reason text
StorageClass: metadata ObjectMeta, parameters {text}, provisioner text, volumeBindingMode text
IngressClass: metadata ObjectMeta, spec IngressClassSpec
IngressClassSpec: controller text, parameters IngressClassParametersReference
IngressClassParametersReference: apiGroup text, kind text, name text, namespace text, scope text
PriorityClass: description text, metadata ObjectMeta, preemptionPolicy text, value number
Lease: metadata ObjectMeta, spec LeaseSpec
LeaseSpec: holderIdentity text, leaseDurationSeconds count, renewTime time
Role: metadata ObjectMeta, rules [PolicyRule]
PolicyRule: apiGroups [text], resourceNames [text], resources [text], verbs [text]
RoleBinding: metadata ObjectMeta, roleRef RoleRef, subjects [Subject]
RoleRef: apiGroup text, kind text, name text
Subject: apiGroup text, kind text, name text, namespace text
ClusterRole: metadata ObjectMeta, rules [PolicyRule]
ClusterRoleBinding: metadata ObjectMeta, roleRef RoleRef, subjects [Subject]
Object: metadata ObjectMeta
Gateway: metadata ObjectMeta, spec GatewaySpec, status GatewayStatus
GatewaySpec: gatewayClassName text, listeners [Listener]
Listener: name text, hostname text, port count, protocol text
GatewayStatus: conditions [Condition], listeners [ListenerStatus]
ListenerStatus: name text, attachedRoutes count, conditions [Condition]
GatewayClass: metadata ObjectMeta, spec GatewayClassSpec, status GatewayClassStatus
GatewayClassSpec: controllerName text
GatewayClassStatus: conditions [Condition]
HTTPRoute: metadata ObjectMeta, spec HTTPRouteSpec, status HTTPRouteStatus
HTTPRouteSpec: hostnames [text], parentRefs [ParentReference], rules [HTTPRouteRule]
ParentReference: kind text, name text, namespace text, port count, sectionName text
HTTPRouteRule: backendRefs [BackendReference]
BackendReference: kind text, name text, namespace text, port count, weight count
HTTPRouteStatus: parents [RouteParentStatus]
RouteParentStatus: conditions [Condition], controllerName text, parentRef ParentReference
APIService: metadata ObjectMeta, spec APIServiceSpec, status APIServiceStatus
APIServiceSpec: caBundle text, service ServiceReference
ServiceReference: name text, namespace text, port count
APIServiceStatus: conditions [Condition]
MutatingWebhookConfiguration: metadata ObjectMeta, webhooks [Webhook]
ValidatingWebhookConfiguration: metadata ObjectMeta, webhooks [Webhook]
Webhook: clientConfig WebhookClientConfig, failurePolicy text, name text
WebhookClientConfig: caBundle text, service ServiceReference, url text
Certificate: metadata ObjectMeta, spec CertificateSpec, status CertificateStatus
CertificateSpec: dnsNames [text], secretName text
CertificateStatus: conditions [Condition], notAfter time
ScaledObject: metadata ObjectMeta, spec ScaledObjectSpec, status ScaledObjectStatus
ScaledObjectSpec: maxReplicaCount number, minReplicaCount number, scaleTargetRef CrossVersionObjectReference,
    triggers [ScaleTriggers]
ScaleTriggers: type text
ScaledObjectStatus: conditions [Condition], hpaName text
VerticalPodAutoscaler: metadata ObjectMeta, spec VerticalPodAutoscalerSpec
VerticalPodAutoscalerSpec: targetRef CrossVersionObjectReference, updatePolicy PodUpdatePolicy
PodUpdatePolicy: updateMode text
PolicyReport: metadata ObjectMeta, results [PolicyReportResult], summary {number}
ClusterPolicyReport: metadata ObjectMeta, results [PolicyReportResult], summary {number}
PolicyReportResult: result text, rule text, severity text
"""
