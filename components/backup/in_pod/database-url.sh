# Takes the password out of DATABASE_URL, which goes into arguments that everybody on the node can list; read by the scripts
# beside this one. URL is the rest of it, and libpq finds the password in PGPASSWORD. The parts are libpq's own: who logs in
# stands before the first @, unless a / comes first, and a password may be among the parameters too.
decoded() { # decoded VARIABLE TEXT
    local text=${2//\\/\\\\}
    printf -v "$1" '%b' "${text//%/\\x}"
}
split_url() {
    local scheme=${DATABASE_URL%%://*} rest=${DATABASE_URL#*://} login parameters parameter kept=
    [ "$scheme" != "$DATABASE_URL" ] || { echo "DATABASE_URL is no URL such as postgresql://USER@HOST/DATABASE." >&2; return 1; }
    case ${rest%%/*} in
    *@*)
        login=${rest%%@*} rest=${rest#*@}
        case $login in
        *:*) decoded PGPASSWORD "${login#*:}" ;;
        esac
        rest=${login%%:*}@$rest ;;
    esac
    case $rest in
    *\?*)
        parameters=${rest#*\?}'&' rest=${rest%%\?*}
        while [ -n "$parameters" ]; do
            parameter=${parameters%%&*} parameters=${parameters#*&}
            case $parameter in
            password=*) decoded PGPASSWORD "${parameter#*=}" ;;
            *) kept+=${kept:+&}$parameter ;;
            esac
        done
        rest+=${kept:+?}$kept ;;
    esac
    URL=$scheme://$rest
    # Only where there is one: an empty one would hide that of a password file.
    [ -z "${PGPASSWORD+set}" ] || export PGPASSWORD
}
split_url
