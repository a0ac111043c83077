# Runs the program with the document on its stdin and gives the lines of its stdout; its log goes to HelloID's.
function Invoke-Koppel([string] $Document) {
    $utf8 = New-Object System.Text.UTF8Encoding $false
    $start = New-Object System.Diagnostics.ProcessStartInfo
    $start.FileName = [Environment]::ExpandEnvironmentVariables("$($settings.koppelPath)").Trim(' "')
    $start.Arguments = '{{ arguments }} --log-format json'
    $start.UseShellExecute = $false
    $start.CreateNoWindow = $true
    $start.RedirectStandardInput = $start.RedirectStandardOutput = $start.RedirectStandardError = $true
    $start.StandardOutputEncoding = $start.StandardErrorEncoding = $utf8
    try { $process = [System.Diagnostics.Process]::Start($start) } catch {
        throw "Setting koppelPath: [$($start.FileName)] cannot be started on this machine: $($_.Exception.GetBaseException().Message)"
    }
    $late = $false
    try {
        $log = $process.StandardError.ReadToEndAsync()
        $bytes = $utf8.GetBytes($Document)
{% if seconds %}
        $clock = [System.Diagnostics.Stopwatch]::StartNew()
        try {
            $late = -not $process.StandardInput.BaseStream.WriteAsync($bytes, 0, $bytes.Length).Wait({{ seconds }}000)
            if (-not $late) { $process.StandardInput.Close() }
        } catch { Write-Information 'Koppel ended before it had read its input' }
        while (-not $late) {
            $reading = $process.StandardOutput.ReadLineAsync()
            $late = -not $reading.Wait([int] [Math]::Max(0, {{ seconds }}000 - $clock.ElapsedMilliseconds))
            if ($late -or $null -eq $reading.Result) { break }
            $reading.Result
        }
{% else %}
        try {
            $process.StandardInput.BaseStream.Write($bytes, 0, $bytes.Length)
            $process.StandardInput.Close()
        } catch { Write-Information 'Koppel ended before it had read its input' }
        while ($null -ne ($line = $process.StandardOutput.ReadLine())) { $line }
{% endif %}
        if (-not $late) { [void] $process.WaitForExit(5000) }
    } finally {
        # Whatever ends this script ends the program too.
        if (-not $process.HasExited) { try { $process.Kill() } catch { Write-Information 'Koppel has just ended' } }
    }
    $process.WaitForExit()
    $why = ''
    foreach ($line in @($log.Result -split '\r?\n' | Where-Object { $_ })) {
        try { $entry = ConvertFrom-Json -InputObject $line } catch { $entry = $null }
        $text = if ($entry.message) { @($entry.message, $entry.hint | Where-Object { $_ }) -join ' - ' } else { $line }
        if (@('TRACE', 'DEBUG', 'INFO') -contains $entry.level) { Write-Information $text } else { Write-Warning $text }
        if (-not $why -and @('TRACE', 'DEBUG', 'INFO', 'WARN') -notcontains $entry.level) { $why = $text }
    }
{% if seconds %}
    if ($late) { throw 'Koppel gave no answer within {{ seconds }} s and was stopped; what it had begun may have been carried out' }
{% endif %}
    if ($process.ExitCode -ne 0) { throw "Koppel ended with exit code $($process.ExitCode): $why" }
}
