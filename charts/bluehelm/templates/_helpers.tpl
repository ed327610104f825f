{{- define "bluehelm.labels" -}}
app.kubernetes.io/name: bluehelm
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
{{- end }}

{{- /* A ServiceAccount of one role, bound to what the auditor may read: every role looks before it does anything else. */}}
{{- define "bluehelm.account" -}}
{{- $name := printf "%s-%s" .root.Release.Name .role -}}
apiVersion: v1
kind: ServiceAccount
metadata:
  name: {{ $name }}
  namespace: {{ .root.Release.Namespace }}
  labels: {{- include "bluehelm.labels" .root | nindent 4 }}
automountServiceAccountToken: false    # people take a token of it; no pod runs as it
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata:
  name: {{ $name }}
  labels: {{- include "bluehelm.labels" .root | nindent 4 }}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: {{ .root.Release.Name }}-auditor}
subjects:
  - {kind: ServiceAccount, name: {{ $name }}, namespace: {{ .root.Release.Namespace }}}
{{- end }}

{{- /* A Role of one namespace and its binding; its rules are given as text. */}}
{{- define "bluehelm.role" -}}
{{- $name := printf "%s-%s" .root.Release.Name .role -}}
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata:
  name: {{ $name }}
  namespace: {{ .namespace }}
  labels: {{- include "bluehelm.labels" .root | nindent 4 }}
rules: {{- .rules | nindent 2 }}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata:
  name: {{ $name }}
  namespace: {{ .namespace }}
  labels: {{- include "bluehelm.labels" .root | nindent 4 }}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: {{ $name }}}
subjects:
  - {kind: ServiceAccount, name: {{ $name }}, namespace: {{ .root.Release.Namespace }}}
{{- end }}

{{- /* What every pod of ours is: nobody in particular, who may do nothing on its node. */}}
{{- define "bluehelm.pod" -}}
serviceAccountName: {{ .Release.Name }}-auditor
automountServiceAccountToken: true
{{- with .Values.reports.imagePullSecrets }}
imagePullSecrets: {{- toYaml . | nindent 2 }}
{{- end }}
securityContext:
  runAsNonRoot: true
  runAsUser: 65532
  runAsGroup: 65532
  seccompProfile: {type: RuntimeDefault}
volumes:
  - name: tmp
    emptyDir: {sizeLimit: 256Mi}
  {{- with .Values.reports.blueprints }}
  - name: blueprints
    configMap: {name: {{ . }}}
  {{- end }}
{{- end }}

{{- define "bluehelm.container" -}}
image: {{ .Values.reports.image | quote }}
imagePullPolicy: IfNotPresent
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities: {drop: [ALL]}
volumeMounts:
  - {name: tmp, mountPath: /tmp}
  {{- with .Values.reports.blueprints }}
  - {name: blueprints, mountPath: /etc/bluehelm/blueprints, readOnly: true}
  {{- end }}
{{- end }}
