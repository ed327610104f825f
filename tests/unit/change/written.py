"""Values files in the styles of well-known charts: our own, small, each named after the chart it is written like."""

INGRESS_NGINX = """\
## The controller
##
controller:
  name: controller
  image:
    ## use *either* registry and image *or* repository
    ## repository:
    tag: "v1.1.1"
    runAsUser: 101
  # -- Labels of the pods
  podLabels: {}
  #  key: value

  resources:
  ##  limits:
  ##    memory: 90Mi
    requests:
      cpu: 100m
  autoscaling:
    enabled: false
    behavior: {}
      # scaleDown:
      #   stabilizationWindowSeconds: 300

      # scaleUp:
      #   stabilizationWindowSeconds: 0

  tolerations: []
  #  - key: "key"
"""

KUBE_PROMETHEUS = """\
## Alert rules
##
customRules: {}
  # AlertmanagerFailedReload:
  #   for: 3m

defaultRules:
  create: true
  node:
    fsSelector: 'fstype!=""'
    # fsSelector: 'fstype=~"ext[234]|xfs"'

  disabled: {}
  # KubeAPIDown: true

alertmanager:

  ## Deploy it
  ##
  enabled: true
  config:
    route:
      group_by: ['namespace']
      routes:
      - receiver: 'null'
        matchers:
          - alertname = "Watchdog"
    templates:
    - '/etc/alertmanager/config/*.tmpl'
  template: |-
    {{ define "cluster" }}{{ .ExternalURL | reReplaceAll ".*alertmanager\\\\.(.*)" "$1" }}{{ end }}
    # not a remark
  image:
    tag: ""  # defaults to the version
"""

BITNAMI = """\
## @section Common parameters
##

## @param image.tag Redis&reg; image tag
## @param image.pullPolicy
##
image:
  tag: 7.0.9-debian-11-r6
  ## e.g:
  ## pullSecrets:
  ##   - myRegistryKeySecretName
  ##
  pullSecrets: []
commonConfiguration: |-
  # Enable AOF
  appendonly yes
## @param master.count
##
master:
  count: 1
  command:
    - sleep
  ## @param master.resources.limits
  ##
  resources:
    limits: {}
    requests: {}
  livenessProbe:
    enabled: true
    initialDelaySeconds: 20
"""

CERT_MANAGER = """\
# +docs:section=Controller

# The number of replicas.
replicaCount: 1

# For example:
#  strategy:
#    type: RollingUpdate
strategy: {}

podDisruptionBudget:
  # Enable it.
  enabled: false

  # +docs:property
  # minAvailable: 1

# +docs:property
approveSignerNames:
- issuers.cert-manager.io/*
- clusterissuers.cert-manager.io/*

containerSecurityContext:
  capabilities:
    drop:
    - ALL
  readOnlyRootFilesystem: true

# +docs:property
# podAnnotations: {}
"""

ARGO_CD = """\
controller:
  image:
    repository: # defaults to global.image.repository
    tag: # defaults to global.image.tag
  args:
    statusProcessors: "20"
  env:
    []
    # - name: "REPLICAS"
    #   value: ""
  containerSecurityContext:
    {}
    # capabilities:
    #   drop:
    #     - all

  metrics:
    serviceMonitor:
      enabled: false
    #   selector:
    #     prometheus: kube-prometheus
    rules:
      enabled: false
redis-ha:
  redis:
    config:
      save: '""'
  server.config: {admin.enabled: "true", url: 'https://argocd.example.com'}
"""

GRAFANA = """\
serviceAccount:
  name:
  labels: {}
## Annotations of the account
#  annotations:
#    eks.amazonaws.com/role-arn: arn
  autoMount: true
autoscaling:
  targetCPU: "60"
grafana.ini:
  server:
    domain: "{{ if (and .Values.ingress.enabled .Values.ingress.hosts) }}{{ tpl (.Values.ingress.hosts | first) . }}\\
      {{ else }}''{{ end }}"
ingress:
  annotations: {}
    # kubernetes.io/ingress.class: nginx
  hosts:
    - chart-example.local
resources: {}
#  limits:
#    cpu: 100m

nodeSelector: {}
"""

TRAEFIK = """\
image:  # @schema additionalProperties: false
  # -- defaults to appVersion
  tag:  # @schema type:[string, null]
podDisruptionBudget:  # @schema additionalProperties: false
  enabled: false
  maxUnavailable:  # @schema type:[string, integer, null];minimum:0
  minAvailable:    # @schema type:[string, integer, null];minimum:0
updateStrategy:
  rollingUpdate:
    maxSurge: 1        # @schema type:[integer, string, null]
entryPoints: ["traefik"]
deployment:
  lifecycle: {}
  # preStop:
  #   sleep:
  #     seconds: 20
  goMemLimitPercentage: 0.9
resources: {}"""

EXTERNAL_DNS = """\
---
# Defaults, übersetzt
image:
  repository: registry.k8s.io/external-dns/external-dns
  tag: ""

x-resources: &resources
  limits: &limits
    memory: 64Mi
webhook:
  resources:
    <<: *resources
    requests: {memory: 32Mi}
securityContext: {runAsNonRoot: true, capabilities: {drop: ["ALL"]}}
dnsPolicy:
nodeSelector: {
  kubernetes.io/os: linux,  # Windows has none
}
description: >-
  Synchronises Services and Ingresses
  with the names that clients ask for.
interval: 1m
sources:
  - service
  - ingress
"""
