//! The system's own messages in other languages: what libc and Windows print for an error number, a resolver's answer or
//! a shell's refusal where the locale is not English.
//!
//! Checks declare their signs in English; each sign whose words stand here is looked for in every language. Capital
//! letters beyond ASCII stand as they are printed, since only ASCII is compared without regard to case.

use crate::sign::Sign;

/// The English words, and the same in other languages.
const TRANSLATIONS: &[(&str, &[&str])] = &[
    (
        "no space left on device",
        &[
            "ist kein speicherplatz mehr verfügbar",
            "aucun espace disponible sur le périphérique",
            "no queda espacio en el dispositivo",
            "spazio esaurito sul d",
            "não há espaço disponível no dispositivo",
            "não há espaço livre no dispositivo",
            "не осталось свободного места",
            "не залишилося вільного місця",
            "brak miejsca na urządzeniu",
            "geen ruimte meer over op apparaat",
            "na zařízení není volné místo",
            "aygıtta yer kalmadı",
            "设备上没有空间",
            "裝置上已無多餘空間",
            "デバイスに空き領域がありません",
            "장치에 남은 공간이 없음",
        ],
    ),
    (
        "could not create ssl/tls secure channel",
        &[
            "ssl/tls-kanal erstellt werden",
            "un canal sécurisé ssl/tls",
            "un canal seguro ssl/tls",
            "un canale sicuro ssl/tls",
            "um canal seguro para ssl/tls",
            "um canal seguro ssl/tls",
            "канал ssl/tls",
            "kanału ssl/tls",
            "创建 ssl/tls 安全通道",
            "ssl/tls のセキュリティで保護されているチャネル",
            "ssl/tls 보안 채널",
        ],
    ),
    (
        "not enough space on the disk",
        &[
            "nicht genug speicherplatz auf dem datenträger",
            "espace insuffisant sur le disque",
            "espacio en disco insuficiente",
            "espaço insuficiente no disco",
            "spazio su disco insufficiente",
            "едостаточно места на диске",
            "磁盘空间不足",
            "磁碟空間不足",
            "ディスクに十分な空き領域がありません",
            "디스크 공간이 부족",
        ],
    ),
    (
        "disk quota exceeded",
        &[
            "plattenplatz (quota) ist überschritten",
            "débordement du quota d'espace disque",
            "excedido la cuota de disco",
            "quota disco superata",
            "quota de disco excedida",
            "ревышена дисковая квота",
            "超出磁盘限额",
            "ディスク使用量制限を超過",
            "디스크 할당량이 초과",
        ],
    ),
    (
        "permission denied",
        &[
            "keine berechtigung",
            "permission non accordée",
            "permiso denegado",
            "permesso negato",
            "permissão negada",
            "отказано в доступе",
            "toegang geweigerd",
            "brak dostępu",
            "erişim engellendi",
            "权限不够",
            "許可がありません",
            "허가 거부",
        ],
    ),
    (
        "access is denied",
        &[
            "zugriff verweigert",
            "accès refusé",
            "acceso denegado",
            "accesso negato",
            "acesso negado",
            "拒绝访问",
            "存取被拒",
            "アクセスが拒否されました",
            "액세스가 거부",
        ],
    ),
    (
        "read-only file system",
        &[
            "dateisystem ist nur lesbar",
            "système de fichiers accessible en lecture seul",
            "sistema de ficheros de sólo lectura",
            "sistema de archivos de solo lectura",
            "sistema de archivos de sólo lectura",
            "file system in sola lettura",
            "sistema de arquivos somente para leitura",
            "доступна только для чтения",
            "system plików wyłącznie do odczytu",
            "只读文件系统",
            "読み込み専用ファイルシステム",
            "읽기 전용 파일 시스템",
        ],
    ),
    (
        "connection refused",
        &[
            "verbindungsaufbau abgelehnt",
            "zielcomputer die verbindung verweigerte",
            "connexion refusée",
            "expressément refusée",
            "conexión rehusada",
            "denegó expresamente dicha conexión",
            "connessione rifiutata",
            "rifiuto persistente del computer di destinazione",
            "conexão recusada",
            "recusou ativamente",
            "соединении отказано",
            "отверг запрос на подключение",
            "połączenie odrzucone",
            "拒绝连接",
            "连接被拒绝",
            "计算机积极拒绝",
            "接続を拒否",
            "接続できませんでした",
            "연결이 거부",
        ],
    ),
    (
        "connection timed out",
        &[
            "wartezeit für die verbindung ist abgelaufen",
            "expiration du délai d'attente",
            "expiró el tiempo de conexión",
            "se ha superado el tiempo de espera",
            "connessione scaduta",
            "tempo esgotado para conexão",
            "время ожидания соединения истекло",
            "превышен таймаут",
            "przekroczony czas oczekiwania na połączenie",
            "连接超时",
            "連線逾時",
            "接続がタイムアウト",
            "연결 시간 초과",
        ],
    ),
    (
        "network is unreachable",
        &[
            "das netzwerk ist nicht erreichbar",
            "le réseau n'est pas accessible",
            "la red es inaccesible",
            "la rete non è raggiungibile",
            "rede inalcançável",
            "сеть недоступна",
            "网络不可达",
            "ネットワークに届きません",
        ],
    ),
    (
        "connection reset by peer",
        &[
            "vom kommunikationspartner zurückgesetzt",
            "ré-initialisée par le correspondant",
            "reinicializada por la máquina remota",
            "connessione interrotta dal corrispondente",
            "соединение разорвано другой стороной",
            "连接被对方重设",
            "连接被对方重置",
            "接続が相手からリセット",
        ],
    ),
    (
        "temporary failure in name resolution",
        &[
            "temporärer fehler bei der namensauflösung",
            "échec temporaire dans la résolution d",
            "échec temporaire de la résolution d",
            "fallo temporal en la resolución del nombre",
            "falha temporária na resolução de nome",
            "временный сбой в разрешении имен",
            "域名解析暂时失败",
            "名前解決に一時的に失敗",
        ],
    ),
    (
        "name or service not known",
        &[
            "name oder der dienst ist nicht bekannt",
            "nom ou service inconnu",
            "nombre o servicio desconocido",
            "nome o servizio sconosciuto",
            "nome ou serviço desconhecido",
            "имя или служба не известны",
            "nieznana nazwa lub usługa",
            "未知的名称或服务",
            "名前またはサービスが不明",
        ],
    ),
    (
        "unable to resolve host",
        &[
            "host-adresse nicht auflösen",
            "impossible de résoudre l'adresse",
            "no se pudo resolver la dirección",
            "no es posible resolver la dirección",
            "remotename konnte nicht aufgelöst werden",
            "nom distant n'a pas pu être résolu",
            "no se puede resolver el nombre remoto",
            "не удалось разрешить удаленное имя",
            "разрешить адрес",
            "无法解析主机",
            "无法解析远程名称",
            "無法解析主機",
            "リモート名を解決できませんでした",
        ],
    ),
    (
        "could not establish trust relationship",
        &[
            "konnte keine vertrauensstellung hergestellt werden",
            "impossible d'établir une relation de confiance",
            "no se puede establecer una relación de confianza",
            "impossibile stabilire una relazione di trust",
            "estabelecer relação de confiança para o canal",
            "установить доверительные отношения",
            "建立信任关系",
            "建立信任關係",
            "に対する信頼関係を確立できません",
        ],
    ),
    (
        "certificate is not trusted",
        &[
            "wird nicht vertraut",
            "颁发的证书",
            "无法验证",
            "n'est pas un certificat de confiance",
            "не является доверенным",
        ],
    ),
    (
        "certificate is not yet valid",
        &[
            "ist noch nicht gültig",
            "ist noch nicht aktiviert",
            "n'est pas encore valide",
            "todavía no es válido",
            "ещё не действителен",
            "尚未生效",
            "まだ有効ではありません",
        ],
    ),
    (
        "huggingface-cli: command not found",
        &[
            "huggingface-cli: kommando nicht gefunden",
            "huggingface-cli : commande introuvable",
            "huggingface-cli: commande introuvable",
            "huggingface-cli: orden no encontrada",
            "huggingface-cli: comando non trovato",
            "huggingface-cli: comando não encontrado",
            "huggingface-cli: команда не найдена",
            "huggingface-cli: 未找到命令",
            "huggingface-cli: コマンドが見つかりません",
            "'huggingface-cli' 不是内部或外部命令",
            "\"huggingface-cli\" ist entweder falsch geschrieben",
            "'huggingface-cli' n'est pas reconnu",
            "\"huggingface-cli\" no se reconoce",
            "\"huggingface-cli\" не является внутренней",
            "'huggingface-cli' は、内部コマンド",
        ],
    ),
    (
        "hf: command not found",
        &[
            "hf: kommando nicht gefunden",
            "hf : commande introuvable",
            "hf: commande introuvable",
            "hf: orden no encontrada",
            "hf: команда не найдена",
            "hf: 未找到命令",
            "'hf' 不是内部或外部命令",
            "\"hf\" ist entweder falsch geschrieben",
            "'hf' n'est pas reconnu",
            "\"hf\" no se reconoce",
        ],
    ),
];

/// The signs as declared, and after them each in the other languages in which its words are known.
pub fn in_every_language(signs: impl Iterator<Item = &'static Sign>) -> Vec<Sign> {
    let declared: Vec<Sign> = signs.copied().collect();
    let translated = declared.iter().flat_map(|sign| {
        let words = TRANSLATIONS.iter().find(|(english, _)| *english == sign.words).map_or(&[][..], |(_, words)| words);
        // What must stand beside the words, or must not, is English.
        words.iter().map(|words| Sign { words, with: &[], ..*sign })
    });
    declared.iter().copied().chain(translated).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sign;

    #[test]
    fn every_translation_belongs_to_a_sign() {
        let signs: Vec<&str> = sign::all().map(|sign| sign.words).collect();
        for (english, translations) in TRANSLATIONS {
            assert!(signs.contains(english), "there is no sign `{english}`");
            for words in *translations {
                assert_eq!(*words, words.to_ascii_lowercase(), "words are compared in lower case");
                assert!(words.len() >= 8, "`{words}` is too short to look for in a long log");
            }
        }
    }
}
