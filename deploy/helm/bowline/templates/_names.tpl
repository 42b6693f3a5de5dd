{{- define "bowline.fullname" -}}
{{- if contains .Chart.Name .Release.Name -}}
{{- .Release.Name | trunc 53 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name .Chart.Name | trunc 53 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "bowline.selectorLabels" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "bowline.labels" -}}
{{ include "bowline.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end -}}

{{- define "bowline.serviceAccountName" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "bowline.fullname" .) .Values.serviceAccount.name -}}
{{- else -}}
{{- required "serviceAccount.name: needed where serviceAccount.create is false" .Values.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{- /* Ports and paths that the manifests rely on are not the user's to choose. */ -}}
{{- define "bowline.config" -}}
{{- $listeners := dict "health" (dict "listen" "0.0.0.0:8081") -}}
{{- if .Values.metrics.enabled -}}
{{- $_ := set $listeners "metrics" (dict "listen" "0.0.0.0:9464") -}}
{{- end -}}
{{- toYaml (mustMergeOverwrite (deepCopy .Values.config) $listeners) -}}
{{- end -}}
