{{- /* SPDX-License-Identifier: Apache-2.0 */ -}}
{{- /* Names, and what the pod takes from the configuration. The rest of it is the agent's to read, and `ringwall check`'s. */ -}}

{{- define "ringwall.fullname" -}}
{{- $name := .Values.nameOverride | default .Chart.Name -}}
{{- $full := contains $name .Release.Name | ternary .Release.Name (printf "%s-%s" .Release.Name $name) -}}
{{- .Values.fullnameOverride | default $full | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{- /* What never changes in a release's life, as the selector does not. */ -}}
{{- define "ringwall.selector" -}}
app.kubernetes.io/name: ringwall
app.kubernetes.io/instance: {{ quote .Release.Name }}
{{- end -}}

{{- define "ringwall.labels" -}}
{{ include "ringwall.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | quote }}
{{- end -}}

{{- define "ringwall.image" -}}
{{- with .Values.image -}}
{{- if .digest }}{{ .repository }}@{{ .digest }}{{ else }}{{ .repository }}:{{ .tag | default $.Chart.AppVersion }}{{ end -}}
{{- end -}}
{{- end -}}

{{- /* Of `config`: mode, attach, and http.listen: its address and port, the host that a probe asks, whether only the node itself
gets at it. JSON. */ -}}
{{- define "ringwall.config" -}}
{{- $text := .Values.config -}}
{{- if not (kindIs "string" $text) -}}
{{- fail "config: it is the text of ringwall.yaml, not its keys: write them as a block after `config: |`, or say --set-file config=ringwall.yaml" -}}
{{- end -}}
{{- $config := fromYaml $text -}}
{{- if hasKey $config "Error" -}}
{{- fail (printf "config: no YAML mapping; `ringwall check --config ringwall.yaml` says where: %s" $config.Error) -}}
{{- end -}}
{{- if not (hasKey $config "version") -}}
{{- fail "config: no ringwall.yaml, as it has no `version`; --set-file config=ringwall.yaml takes the file, --set config=… its text" -}}
{{- end -}}
{{- $listen := "127.0.0.1:10560" -}}
{{- if kindIs "map" $config.http -}}
{{- if hasKey $config.http "listen" }}{{ $listen = toString $config.http.listen }}{{ end -}}
{{- end -}}
{{- if has $listen (list "off" "false") -}}
{{- fail "config: `http.listen: off` leaves the probes nobody to ask: 127.0.0.1:10560, or another port there, is the node's own" -}}
{{- end -}}
{{- if not (regexMatch "^([0-9.]+|\\[[0-9A-Fa-f:.]+\\]):[0-9]{1,5}$" $listen) -}}
{{- fail (printf "config: http.listen is %s, expected ADDRESS:PORT such as 127.0.0.1:10560" $listen) -}}
{{- end -}}
{{- $address := regexReplaceAll ":[0-9]+$" $listen "" | trimAll "[]" -}}
{{- $host := get (dict "0.0.0.0" "127.0.0.1" "::" "::1") $address | default $address -}}
{{- dict "mode" (toString $config.mode) "attach" (toString $config.attach) "address" $address "host" $host "port" (regexFind "[0-9]+$" $listen | atoi)
      "isLoopback" (regexMatch "^(127\\.|::1$)" $address) | toJson -}}
{{- end -}}

{{- /* allowPrivilegeEscalation goes with SYS_ADMIN: Kubernetes takes one for the other. */ -}}
{{- define "ringwall.securityContext" -}}
{{- $isDispatcher := eq (include "ringwall.config" . | fromJson).attach "dispatcher" -}}
# Root without most of root's rights, as deploy/systemd/ringwall.service has it. The worker gives up all of them.
# BPF, PERFMON, NET_ADMIN: load and attach. SYS_ADMIN: for `attach: dispatcher`.
# SETUID, SETGID, SETPCAP: make the worker nobody. KILL: end one that hangs. CHOWN: the socket's group.
runAsUser: 0
allowPrivilegeEscalation: {{ $isDispatcher }}
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
  add: [BPF, PERFMON, NET_ADMIN, SETUID, SETGID, SETPCAP, KILL, CHOWN{{ if $isDispatcher }}, SYS_ADMIN{{ end }}]
{{- range $key := list "seccompProfile" "appArmorProfile" "seLinuxOptions" }}
{{- with get $.Values $key }}
{{ $key }}: {{ toJson . }}
{{- end }}
{{- end }}
{{- end -}}
