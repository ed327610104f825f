{{/* Labels of one component. Call with (dict "root" $ "component" "backend"). */}}
{{- define "todo.labels" -}}
app: todo-{{ .component }}
app.kubernetes.io/name: todo-{{ .component }}
app.kubernetes.io/component: {{ .component }}
app.kubernetes.io/part-of: todo-app
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version }}
{{- end }}

{{/* What Services and Deployments select by: the part of the labels that never changes. */}}
{{- define "todo.selector" -}}
app: todo-{{ .component }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
{{- end }}

{{/* One HTTP probe: path, period, failures from the values, the port by name. */}}
{{- define "todo.probe" -}}
httpGet:
  path: {{ .path }}
  port: {{ .port | default "http" }}
periodSeconds: {{ .periodSeconds }}
failureThreshold: {{ .failureThreshold }}
{{- end }}

{{/* Environment from a map: plain values, or a reference written out. */}}
{{- define "todo.env" -}}
{{- range $name, $value := . }}
- name: {{ $name }}
  {{- if kindIs "map" $value }}
  valueFrom: {{- toYaml $value | nindent 4 }}
  {{- else }}
  value: {{ $value | quote }}
  {{- end }}
{{- end }}
{{- end }}

{{/* What both pods share: where they may run, and as whom. */}}
{{- define "todo.placement" -}}
automountServiceAccountToken: false
securityContext:
  runAsNonRoot: true
  runAsUser: 10001
  runAsGroup: 10001
  fsGroup: 10001
  seccompProfile:
    type: RuntimeDefault
tolerations:
  - key: node.kubernetes.io/not-ready
    operator: Exists
    effect: NoExecute
    tolerationSeconds: {{ .root.Values.nodeLossSeconds }}
  - key: node.kubernetes.io/unreachable
    operator: Exists
    effect: NoExecute
    tolerationSeconds: {{ .root.Values.nodeLossSeconds }}
{{- if .values.nodeSpread }}
topologySpreadConstraints:
  - maxSkew: 1
    topologyKey: kubernetes.io/hostname
    whenUnsatisfiable: ScheduleAnyway
    labelSelector:
      matchLabels: {{- include "todo.selector" . | nindent 8 }}
{{- end }}
{{- end }}

{{/* Wait before ending: the endpoint is taken out of its Services at the same moment, and that takes longer. */}}
{{- define "todo.drain" -}}
preStop:
  exec:
    command: ["sleep", {{ .Values.drainSeconds | quote }}]
{{- end }}

{{- define "todo.containerSecurity" -}}
allowPrivilegeEscalation: false
capabilities:
  drop: [ALL]
{{- end }}

{{/* The behaviour of both HPAs: up by one pod a period and at once, down only after the stabilization window. */}}
{{- define "todo.behavior" -}}
scaleUp:
  stabilizationWindowSeconds: 0
  policies:
    - type: Pods
      value: 1
      periodSeconds: {{ .scaleUpPeriodSeconds }}
scaleDown:
  stabilizationWindowSeconds: {{ .scaleDownStabilizationSeconds }}
{{- end }}

{{/* The name of the Secret to mount, "" for none: one that exists, or the one made from secrets.values. */}}
{{- define "todo.secret" -}}
{{- if .Values.secrets.existingSecret }}{{ .Values.secrets.existingSecret }}
{{- else if .Values.secrets.values }}todo-secrets
{{- end }}
{{- end }}
