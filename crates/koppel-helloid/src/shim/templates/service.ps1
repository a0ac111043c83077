# Sends the document to the service and gives the lines of its answer.
function Invoke-Koppel([string] $Document) {
    Add-Type -AssemblyName System.Net.Http
    $address = [uri] ("$($settings.koppelUrl)".Trim().TrimEnd('/') + '{{ route }}')
    if ($address.Scheme -ne 'https' -and -not $address.IsLoopback) {
        throw "Setting koppelUrl: [$($settings.koppelUrl)] must begin with https://, for secrets go along"
    }
    # A redirect would hand the token to somebody else. The service itself speaks TLS 1.2 and 1.3 only.
    $handler = [System.Net.Http.HttpClientHandler]::new()
    $handler.AllowAutoRedirect = $false
    $client = [System.Net.Http.HttpClient]::new($handler)
    try {
        $client.Timeout = [TimeSpan]::FromSeconds({{ seconds or 3500 }})
        $client.MaxResponseContentBufferSize = 67108864
        $request = [System.Net.Http.HttpRequestMessage]::new([System.Net.Http.HttpMethod]::Post, $address)
        $token = "$($settings.koppelToken)".Trim()
        $request.Headers.Authorization = [System.Net.Http.Headers.AuthenticationHeaderValue]::new('Bearer', $token)
        $request.Content = [System.Net.Http.ByteArrayContent]::new([System.Text.Encoding]::UTF8.GetBytes($Document))
        $request.Content.Headers.ContentType = [System.Net.Http.Headers.MediaTypeHeaderValue]::Parse('application/json')
        try {
            $until = [System.Net.Http.HttpCompletionOption]::{{ "ResponseContentRead" if seconds else "ResponseHeadersRead" }}
            $response = $client.SendAsync($request, $until).GetAwaiter().GetResult()
        } catch {
            $why = $_.Exception.GetBaseException().Message
            if ($_.Exception.InnerException -is [System.OperationCanceledException]) {
                $why = 'no answer in time; what it had begun may have been carried out'
            }
            throw "Koppel at [$address] cannot be reached: $why"
        }
        $stream = $response.Content.ReadAsStreamAsync().GetAwaiter().GetResult()
        $reader = [System.IO.StreamReader]::new($stream, [System.Text.Encoding]::UTF8)
{% if seconds %}
        $body = $reader.ReadToEnd()
        # A failed action is an answer too, whatever the status.
        if ($body -match '^\s*\{\s*"outputContext"') { return $body }
{% else %}
        if ($response.IsSuccessStatusCode) {
            # An answer that breaks off is an error of the reader, and the import fails.
            while ($null -ne ($line = $reader.ReadLine())) { $line }
            return
        }
        $body = $reader.ReadToEnd()
{% endif %}
        $status = [int] $response.StatusCode
        $hint = if ($status -eq 401) { ' (the setting koppelToken is none of its tokens)' } else { '' }
        try { $told = (ConvertFrom-Json -InputObject $body).error } catch { $told = '' }
        if (-not $told) { $told = $body.Substring(0, [Math]::Min(200, $body.Length)) }
        throw "Koppel at [$address] answered ${status}${hint}: $told"
    } finally { $client.Dispose() }
}
